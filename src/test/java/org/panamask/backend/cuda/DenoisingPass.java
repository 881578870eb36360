package org.panamask.backend.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.Passes;
import org.panamask.sampling.BlockSampler;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.sampling.SamplerTokens;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;

/// Denoising passes of a model of one layer, with a sampler that draws tokens on the device.
final class DenoisingPass implements Passes, AutoCloseable {
    private static final int TOKENS = 6;
    private static final int PROMPT = 2;
    private static final BlockSettings SETTINGS = BlockSettings.defaults()
            .with("block_size", TOKENS - PROMPT)
            .with("steps", 1)
            .with("transfer", "quota")
            .with("temperature", 0.8)
            .with("top_k", 5);

    private final CudaBackend backend;
    private final OneLayer layer;

    /// Makes the model.
    DenoisingPass(CudaBackend backend) {
        this.backend = backend;
        this.layer = OneLayer.create(backend, TOKENS);
    }

    /// Makes the model and runs the same pass three times: its commands are issued, captured, and replayed.
    static List<double[]> whole(CudaBackend backend) {
        try (DenoisingPass pass = new DenoisingPass(backend)) {
            List<double[]> results = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                results.addAll(pass.sample());
            }
            return results;
        }
    }

    /// The tokens of an answer that is filled in by one pass, and how probable they are.
    List<double[]> sample() {
        int[] ids = new int[TOKENS];
        Arrays.setAll(ids, i -> (7 + 5 * i) % (OneLayer.VOCABULARY - 4));
        boolean[] given = new boolean[TOKENS];
        Arrays.fill(given, 0, PROMPT, true);
        SamplerTokens tokens = new SamplerTokens(OneLayer.VOCABULARY - 1, 0, List.of(), List.of());
        BlockSampler.Rule rule = new BlockSampler.Rule(SETTINGS, tokens, Alignment.OWN, new Noise(3));
        SamplerResult result = new BlockSampler(layer.model(), this, rule)
                .sample(SamplerInput.of(new int[][] {ids}, new boolean[][] {given}), SamplerListener.NONE);
        List<double[]> results = new ArrayList<>();
        result.ids()
                .forEach(row -> results.add(Arrays.stream(row).asDoubleStream().toArray()));
        result.probabilities().forEach(results::add);
        return results;
    }

    @Override
    public <T> T run(Function<Ops, T> pass) {
        return backend.run("pass", Precision.F32, pass::apply);
    }

    @Override
    public Owner owner(String name) {
        return backend.owner(name);
    }

    @Override
    public void close() {
        layer.close();
    }
}
