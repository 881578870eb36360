package org.panamask.sampling;

import java.util.List;
import java.util.Optional;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.KeyCache;
import org.panamask.diffusion.Passes;
import org.panamask.diffusion.SoftEmbeddings;

/// What a sampler keeps on the device from pass to pass. Each row has its place in it from the first pass to the last,
/// whether it is in the batch or not; rows without prompts, of guidance, follow behind all others.
///
/// @param rows every row that is sampled
/// @param tokens the columns of the longest
/// @param keys keys and values, where there is a cache
/// @param soft expected embeddings, where masks are softened
record Kept(List<BlockRow> rows, int tokens, Optional<KeyCache> keys, Optional<SoftEmbeddings> soft)
        implements AutoCloseable {
    /// Opens what `decoding` asks for; nothing where every pass starts anew.
    static Optional<Kept> open(Denoiser model, Passes passes, Decoding decoding, List<BlockRow> rows) {
        boolean caches = decoding.settings().cache().isOn();
        boolean softens = decoding.settings().soft().isOn();
        if (!caches && !softens || rows.isEmpty()) {
            return Optional.empty();
        }
        int batch = decoding.settings().guidance().cfgScale() > 0 ? 2 * rows.size() : rows.size();
        int tokens = rows.stream().mapToInt(BlockRow::length).max().orElseThrow();
        Optional<KeyCache> keys =
                caches ? Optional.of(KeyCache.open(passes, model.keyRoom(), batch, tokens)) : Optional.empty();
        try {
            Optional<SoftEmbeddings> soft =
                    softens ? Optional.of(SoftEmbeddings.open(passes, model, batch, tokens)) : Optional.empty();
            return Optional.of(new Kept(rows, tokens, keys, soft));
        } catch (RuntimeException failure) {
            keys.ifPresent(KeyCache::close);
            throw failure;
        }
    }

    @Override
    public void close() {
        keys.ifPresent(KeyCache::close);
        soft.ifPresent(SoftEmbeddings::close);
    }
}
