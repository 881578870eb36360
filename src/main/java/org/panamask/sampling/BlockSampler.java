package org.panamask.sampling;

import java.util.List;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.Passes;

/// Fills canvases in block by block. In each step a pass predicts the hidden columns of the block, and those it is
/// surest of open.
///
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, generate.py, generate</a>
public final class BlockSampler implements Sampler {
    private final Predictor predictor;
    private final Rule rule;

    /// How to fill in.
    ///
    /// @param settings blocks, steps, order, choice of tokens
    /// @param tokens the ids with a meaning
    /// @param alignment which hidden state predicts a column
    /// @param noise where random numbers come from
    public record Rule(BlockSettings settings, SamplerTokens tokens, Alignment alignment, NoiseSource noise) {}

    /// A sampler of `model`.
    public BlockSampler(Denoiser model, Passes passes, Rule rule) {
        this.predictor = new Predictor(model, passes, rule);
        this.rule = rule;
    }

    @Override
    public SamplerResult sample(SamplerInput input, SamplerListener listener) {
        List<BlockRow> rows = IntStream.range(0, input.batch())
                .mapToObj(b -> new BlockRow(input, b, rule))
                .toList();
        int forwards = 0;
        int rowForwards = 0;
        int steps = rows.stream().mapToInt(BlockRow::steps).max().orElse(0);
        listener.changed(step(0, steps, rows));
        while (true) {
            List<Asked> asked = rows.stream()
                    .filter(BlockRow::advance)
                    .map(row -> new Asked(row, row.asked()))
                    .toList();
            if (asked.isEmpty()) {
                break;
            }
            List<Candidates> said = predictor.predict(asked);
            for (int n = 0; n < said.size(); n++) {
                asked.get(n).row().open(said.get(n));
            }
            forwards++;
            rowForwards += asked.size();
            listener.changed(step(forwards, steps, rows));
        }
        return new SamplerResult(
                rows.stream().map(BlockRow::ids).toList(),
                forwards,
                rowForwards,
                rows.stream().mapToInt(BlockRow::filled).sum());
    }

    private static SamplerStep step(int number, int steps, List<BlockRow> rows) {
        return new SamplerStep(
                number,
                Math.max(number, steps),
                rows.stream().map(row -> row.ids().clone()).toList(),
                rows.stream().map(row -> row.probabilities().clone()).toList());
    }
}
