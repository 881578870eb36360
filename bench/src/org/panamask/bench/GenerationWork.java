package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerSettings;
import org.panamask.sampling.SamplerTokens;
import org.panamask.train.BackendPasses;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// 128 tokens after a prompt of 64, in 64 steps, the surest first, with the likeliest tokens.
///
/// @param model what runs
/// @param folder where files are exchanged
/// @param settings of the sampler
/// @param alignment which hidden state predicts a column
record GenerationWork(BenchModel model, Path folder, SamplerSettings settings, Alignment alignment) implements Work {
    private static final int PROMPT = 64;
    private static final int ANSWER = 128;
    private static final int STEPS = 64;
    private static final int BLOCK = 32;
    private static final long SEED = 13;

    // The references may choose the mask token, so ours may here.

    /// DiffuLLaMA's sampler.
    static GenerationWork ddm(BenchModel model, Path folder) {
        SamplerSettings settings = DdmSettings.defaults().with("steps", STEPS).with("forbid_mask_token", false);
        return new GenerationWork(model, folder, settings, Alignment.SHIFTED);
    }

    /// LLaDA's sampler.
    static GenerationWork llada(BenchModel model, Path folder) {
        SamplerSettings settings = BlockSettings.defaults()
                .with("max_new_tokens", ANSWER)
                .with("steps", STEPS)
                .with("block_size", BLOCK)
                .with("suppress_mask_token", false);
        return new GenerationWork(model, folder, settings, Alignment.OWN);
    }

    private int mask() {
        return new BenchRows(model.model().vocabularySize()).mask();
    }

    private int[] generate(long seed) {
        int[] ids = Arrays.copyOf(new BenchRows(model.model().vocabularySize()).ids(PROMPT, seed), PROMPT + ANSWER);
        boolean[] given = new boolean[ids.length];
        Arrays.fill(given, 0, PROMPT, true);
        Sampler sampler = Sampler.of(
                model.model(),
                new BackendPasses(model.backend(), model.precision()),
                settings,
                new SamplerTokens(mask(), mask(), List.of(), List.of()),
                alignment);
        return sampler.sample(SamplerInput.of(new int[][] {ids}, new boolean[][] {given}), SamplerListener.NONE)
                .ids()
                .getFirst();
    }

    /// Every id in f32. In bf16 rounding decides between tokens of random weights, so nothing is compared there;
    /// the logits of `step` are.
    @Override
    public List<Agreement> check(Peer peer) throws IOException {
        if (model.precision() != Precision.F32) {
            return List.of();
        }
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode asked = mapper.createObjectNode()
                .put("answer", ANSWER)
                .put("steps", STEPS)
                .put("block", BLOCK)
                .put("mask", mask());
        asked.set("prompt", mapper.valueToTree(new BenchRows(model.model().vocabularySize()).ids(PROMPT, SEED)));
        mapper.writeValue(folder.resolve("check.json"), asked);
        int[] theirs = peer.check()
                .path("ids")
                .valueStream()
                .mapToInt(id -> id.asInt())
                .toArray();
        int[] ours = generate(SEED);
        long apart = theirs.length != ours.length ? ours.length : count(ours, theirs);
        return List.of(new Agreement("ids that differ", apart, 0));
    }

    private static long count(int[] ours, int[] theirs) {
        long apart = 0;
        for (int n = 0; n < ours.length; n++) {
            apart += ours[n] == theirs[n] ? 0 : 1;
        }
        return apart;
    }

    @Override
    public double repeat() {
        long start = System.nanoTime();
        generate(SEED);
        return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public void close() {
        model.close();
    }
}
