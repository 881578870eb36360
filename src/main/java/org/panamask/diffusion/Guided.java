package org.panamask.diffusion;

import java.util.Arrays;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A model under classifier-free guidance: `l = l_u + (scale + 1) (l_c - l_u)`, where `l_u` are its logits without what
/// is given. A head is linear, so hidden states are combined instead. Both passes are one of twice the rows.
///
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, get_log_likelihood.py, get_logits</a>
final class Guided implements Denoiser {
    private final Denoiser model;
    private final int maskToken;
    private final double scale;
    private final boolean[] given;

    /// `given` says which columns of every row are masked in the pass without what is given.
    Guided(Denoiser model, int maskToken, double scale, boolean[] given) {
        this.model = model;
        this.maskToken = maskToken;
        this.scale = scale;
        this.given = given;
    }

    /// @throws IllegalArgumentException if the canvas is under a mask, or has a cache, soft embeddings or dropout,
    ///     which the pass without what is given would have to have too
    @Override
    public Tensor hidden(Ops ops, Canvas canvas) {
        if (!(canvas.mask() instanceof AttentionMask.Full)
                || canvas.cache().isPresent()
                || canvas.soft().isPresent()
                || canvas.dropout().isPresent()) {
            throw new IllegalArgumentException("guidance: a canvas under full attention is needed, without cache, soft"
                    + " embeddings and dropout; ask for likelihoods of whole rows");
        }
        int count = canvas.ids().length;
        int[] wanted = canvas.rows();
        int[] ids = Arrays.copyOf(canvas.ids(), 2 * count);
        int[] rows = Arrays.copyOf(wanted, 2 * wanted.length);
        int[] positions = Arrays.copyOf(canvas.positions(), 2 * count);
        System.arraycopy(positions, 0, positions, count, count);
        for (int n = 0; n < count; n++) {
            ids[count + n] = given[n % canvas.tokens()] ? maskToken : ids[n];
        }
        for (int r = 0; r < wanted.length; r++) {
            rows[wanted.length + r] = count + wanted[r];
        }
        Canvas both = Canvas.of(2 * canvas.batch(), canvas.tokens(), ids)
                .withPositions(positions)
                .withRows(rows);
        Tensor hidden = model.hidden(ops, both);
        return ops.extrapolate(half(ops, hidden, wanted.length, 1), half(ops, hidden, wanted.length, 0), scale + 1);
    }

    private static Tensor half(Ops ops, Tensor hidden, int count, int which) {
        int[] places = new int[count];
        Arrays.setAll(places, r -> which * count + r);
        return ops.gatherRows(hidden, ops.upload(Shape.of(count), places));
    }

    @Override
    public Weight head() {
        return model.head();
    }

    @Override
    public Weight embedding() {
        return model.embedding();
    }

    @Override
    public int vocabularySize() {
        return model.vocabularySize();
    }

    @Override
    public KeyCache.Room keyRoom() {
        return model.keyRoom();
    }

    @Override
    public int maxPositions() {
        return model.maxPositions();
    }
}
