package org.panamask.bench.device;

import java.util.Arrays;
import java.util.List;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Alignment;
import org.panamask.model.Model;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerTokens;
import org.panamask.train.BackendPasses;

/// An answer block by block, the surest tokens first.
///
/// @param sampler what answers
/// @param input a random prompt
public record AnswerRun(Sampler sampler, SamplerInput input) {
    /// How much is answered.
    ///
    /// @param prompt tokens that are given
    /// @param answer tokens that are not
    /// @param steps passes at most
    /// @param block tokens of a block
    public record Plan(int prompt, int answer, int steps, int block) {}

    /// An answer of `model` on `backend`.
    public static AnswerRun of(Backend backend, Precision precision, Model model, Plan plan) {
        int mask = TokenIds.mask(model);
        BlockSettings settings = BlockSettings.defaults()
                .with("max_new_tokens", plan.answer())
                .with("steps", plan.steps())
                .with("block_size", plan.block())
                .with("suppress_mask_token", false);
        int[] ids = Arrays.copyOf(TokenIds.random(model, plan.prompt(), 1), plan.prompt() + plan.answer());
        boolean[] given = new boolean[ids.length];
        Arrays.fill(given, 0, plan.prompt(), true);
        return new AnswerRun(
                Sampler.of(
                        model,
                        new BackendPasses(backend, precision),
                        settings,
                        new SamplerTokens(mask, mask, List.of(), List.of()),
                        Alignment.OWN),
                SamplerInput.of(new int[][] {ids}, new boolean[][] {given}));
    }

    /// Prompt and answer.
    public int[] ids() {
        return sampler.sample(input, SamplerListener.NONE).ids().getFirst();
    }
}
