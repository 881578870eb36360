package org.panamask.sampling;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.Passes;

/// Fills canvases in block by block. In each step a pass predicts the hidden columns of the block, and some open: so
/// many of the surest, or all that are sure enough.
///
/// Rows are independent: each has its own blocks, steps and end, and leaves the batch when it is done.
///
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, generate.py, generate</a>
/// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, generation_utils.py, diffusion_generate</a>
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, core/samplers/mdlm.py</a>
public final class BlockSampler implements Sampler {
    private final Denoiser model;
    private final Passes passes;
    private final Rule rule;
    private final SamplerHooks hooks;

    /// How to fill in.
    ///
    /// @param settings blocks, steps, order, choice of tokens
    /// @param tokens the ids with a meaning
    /// @param alignment which hidden state predicts a column
    /// @param noise where random numbers come from
    public record Rule(BlockSettings settings, SamplerTokens tokens, Alignment alignment, NoiseSource noise) {}

    /// A sampler of `model`.
    public BlockSampler(Denoiser model, Passes passes, Rule rule) {
        this(model, passes, rule, SamplerHooks.NONE);
    }

    private BlockSampler(Denoiser model, Passes passes, Rule rule, SamplerHooks hooks) {
        this.model = model;
        this.passes = passes;
        this.rule = rule;
        this.hooks = hooks;
    }

    /// The same with calls on the way.
    public BlockSampler withHooks(SamplerHooks added) {
        return new BlockSampler(model, passes, rule, added);
    }

    /// @throws org.panamask.config.SettingException if the settings name tokens that the model does not have
    @Override
    public SamplerResult sample(SamplerInput input, SamplerListener listener) {
        Decoding decoding = Decoding.of(rule, hooks).requireTokens(model.vocabularySize());
        List<BlockCanvas> canvases = IntStream.range(0, input.batch())
                .mapToObj(b -> new BlockCanvas(input, b, decoding))
                .toList();
        int shared = decoding.refers(Reference.DLLM)
                ? canvases.stream()
                        .mapToInt(canvas -> canvas.blocks().size())
                        .max()
                        .orElse(0)
                : 0;
        List<BlockRow> rows = canvases.stream()
                .map(canvas -> new BlockRow(canvas, decoding, shared))
                .toList();
        Ran ran = run(decoding, rows, listener);
        if (decoding.stopsEarly() && !decoding.imitates()) {
            canvases.forEach(BlockCanvas::cut);
        }
        return new SamplerResult(
                canvases.stream().map(BlockCanvas::ids).toList(),
                canvases.stream().map(BlockCanvas::probabilities).toList(),
                new SamplerResult.Work(
                        ran.forwards(),
                        rows.stream().mapToInt(row -> (int) row.work().passes()).sum(),
                        canvases.stream().mapToInt(BlockCanvas::freeCount).sum()),
                savings(ran, rows));
    }

    /// What passes there were.
    private record Ran(int forwards, long equalTokens) {}

    private Ran run(Decoding decoding, List<BlockRow> rows, SamplerListener listener) {
        Optional<Kept> kept = Kept.open(model, passes, decoding, rows);
        try {
            Predictor predictor = predictor(decoding, kept);
            int forwards = run(predictor, rows, listener);
            return new Ran(forwards, predictor.equalTokens());
        } finally {
            kept.ifPresent(Kept::close);
        }
    }

    private static int run(Predictor predictor, List<BlockRow> rows, SamplerListener listener) {
        int steps = rows.stream().mapToInt(BlockRow::steps).max().orElse(0);
        int forwards = 0;
        listener.changed(step(0, steps, rows));
        while (true) {
            double masks = rows.stream()
                    .mapToInt(row -> row.canvas().hiddenCount())
                    .average()
                    .orElse(0);
            List<Asked> asked = rows.stream()
                    .filter(row -> row.advance(() -> masks))
                    .map(row -> new Asked(row, row.asked()))
                    .toList();
            if (asked.isEmpty()) {
                return forwards;
            }
            List<Candidates> said = predictor.predict(asked);
            for (int n = 0; n < said.size(); n++) {
                BlockRow row = asked.get(n).row();
                row.work().passed(said.get(n).count());
                row.open(said.get(n));
            }
            forwards++;
            listener.changed(step(forwards, steps, rows));
        }
    }

    private Predictor predictor(Decoding decoding, Optional<Kept> kept) {
        boolean reads = hooks.logits().isPresent()
                || hooks.noise().isPresent()
                || decoding.transfer() == TransferSettings.Rule.CREDIT;
        return reads
                ? new HostPredictor(model, passes, decoding, kept)
                : new FusedPredictor(model, passes, decoding, kept);
    }

    private static Savings savings(Ran ran, List<BlockRow> rows) {
        List<RowWork> work = rows.stream().map(BlockRow::work).toList();
        long plainForwards = work.stream().mapToLong(RowWork::plainPasses).max().orElse(0);
        return new Savings(
                plainForwards - ran.forwards(),
                work.stream()
                        .mapToLong(one -> one.plainColumns() - one.columns())
                        .sum(),
                work.stream()
                        .mapToLong(one -> one.plainHeadRows() - one.headRows())
                        .sum(),
                work.stream().mapToLong(one -> one.plainBlocks() - one.blocks()).sum(),
                ran.equalTokens());
    }

    private static SamplerStep step(int number, int steps, List<BlockRow> rows) {
        return new SamplerStep(
                number,
                Math.max(number, steps),
                rows.stream().map(row -> row.ids().clone()).toList(),
                rows.stream().map(row -> row.canvas().probabilities().clone()).toList());
    }
}
