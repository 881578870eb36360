package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;

/// Fills canvases in by unmasking: every free column starts hidden, each step opens some, and an open column never
/// closes.
///
/// The result is that of as many forward passes as there are steps; passes whose outcome is known are left out, a row
/// leaves the batch when nothing of it is hidden, and the head sees only columns that compete.
///
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, generate_samples, and
///     model.py, generate_samples</a>
public final class Sampler {
    private final Denoiser model;
    private final Passes passes;
    private final Rule rule;

    /// How to fill in.
    ///
    /// @param settings steps, order, choice of tokens
    /// @param maskToken the id of hidden columns
    /// @param shift whether column i is predicted from the hidden state of column i - 1
    /// @param noise where random numbers come from
    public record Rule(SamplerSettings settings, int maskToken, boolean shift, NoiseSource noise) {
        /// The rule with the random numbers of the settings' seed.
        public static Rule of(SamplerSettings settings, int maskToken, boolean shift) {
            return new Rule(settings, maskToken, shift, new Noise(settings.seed()));
        }

        TokenRule tokens() {
            return new TokenRule(
                    settings.temperature() == 0 ? 1 : settings.temperature(),
                    settings.topK(),
                    settings.topP(),
                    settings.forbidMaskToken() ? List.of(maskToken) : List.of());
        }
    }

    /// The columns of a row that the next pass predicts.
    private record Asked(SamplerRow row, List<Integer> columns) {}

    /// What a pass says of its rows, in the order of their hidden states.
    private static final class Said {
        private final int[] tokens;
        private final double[] scores;

        Said(int[] tokens, double[] scores) {
            this.tokens = tokens;
            this.scores = scores;
        }
    }

    /// A sampler of `model`.
    public Sampler(Denoiser model, Passes passes, Rule rule) {
        this.model = model;
        this.passes = passes;
        this.rule = rule;
    }

    /// Fills in every free column of `input`; `listener` sees the canvases on the way.
    public SamplerResult sample(SamplerInput input, SamplerListener listener) {
        List<SamplerRow> rows = new ArrayList<>();
        for (int b = 0; b < input.batch(); b++) {
            rows.add(new SamplerRow(input, b, rule.maskToken()));
        }
        int steps = rule.settings().steps();
        int forwards = 0;
        int rowForwards = 0;
        listener.changed(new SamplerStep(0, steps, rows));
        for (int t = steps - 1; t >= 0; t--) {
            int left = t;
            List<boolean[]> drawn = rows.stream().map(row -> wanted(row, left)).toList();
            List<Asked> asked = asked(rows, drawn);
            if (!asked.isEmpty()) {
                predict(asked, steps - 1 - t);
                forwards++;
                rowForwards += asked.size();
            }
            boolean any = false;
            for (int b = 0; b < rows.size(); b++) {
                any |= rows.get(b).open(opening(rows.get(b), drawn.get(b), t));
            }
            if (any) {
                listener.changed(new SamplerStep(steps - t, steps, rows));
            }
        }
        return new SamplerResult(
                rows.stream().map(SamplerRow::ids).toList(),
                forwards,
                rowForwards,
                rows.stream().mapToInt(SamplerRow::freeCount).sum());
    }

    /// The columns whose prediction the step with `t` more to come needs: the drawn ones in random order; in order
    /// of confidence all free ones, because opened ones compete with their fresh scores.
    private boolean[] wanted(SamplerRow row, int t) {
        if (t == 0) {
            return row.hidden();
        }
        return switch (rule.settings().order()) {
            case CONFIDENCE -> row.hasHidden() ? row.free() : new boolean[row.length()];
            case RANDOM -> {
                boolean[] drawn = row.hidden();
                int step = rule.settings().steps() - 1 - t;
                for (int i = 0; i < drawn.length; i++) {
                    drawn[i] &=
                            rule.noise().uniform(NoisePurpose.ORDER, row.sample(), i, step) < (float) (1.0 / (t + 1));
                }
                yield drawn;
            }
        };
    }

    private boolean[] opening(SamplerRow row, boolean[] wanted, int t) {
        if (t == 0) {
            return wanted;
        }
        return switch (rule.settings().order()) {
            case CONFIDENCE -> row.surest(kept(row.freeCount(), t));
            case RANDOM -> wanted;
        };
    }

    /// How many of `n` free columns stay hidden: single precision decides some roundings, as in the reference.
    private int kept(int n, int t) {
        return (int) ((float) n * (float) (t / (double) rule.settings().steps()));
    }

    /// The rows that a pass must predict: without drawing, an unchanged row in order of confidence keeps what was
    /// predicted for all of its columns.
    private List<Asked> asked(List<SamplerRow> rows, List<boolean[]> wanted) {
        boolean keeps = rule.settings().greedy() && rule.settings().order() == SamplerSettings.Order.CONFIDENCE;
        List<Asked> asked = new ArrayList<>();
        for (int b = 0; b < rows.size(); b++) {
            boolean[] marks = wanted.get(b);
            List<Integer> columns = new ArrayList<>();
            for (int i = 0; i < marks.length; i++) {
                if (marks[i]) {
                    columns.add(i);
                }
            }
            if (!columns.isEmpty() && (rows.get(b).isChanged() || !keeps)) {
                asked.add(new Asked(rows.get(b), columns));
            }
        }
        return asked;
    }

    private void predict(List<Asked> asked, int step) {
        Said said = passes.run(ops -> pass(ops, asked, step));
        int next = 0;
        for (Asked one : asked) {
            int source = -1;
            for (int column : one.columns()) {
                if (source(column) != source) {
                    source = source(column);
                    next++;
                }
                boolean own = !rule.shift() || column > 0;
                one.row().predict(column, said.tokens[next - 1], said.scores[next - 1], own);
            }
        }
    }

    /// The column whose hidden state predicts `column`; the first serves column 0 and 1 under shift.
    private int source(int column) {
        return rule.shift() ? Math.max(0, column - 1) : column;
    }

    private Said pass(Ops ops, List<Asked> asked, int step) {
        int tokens = asked.stream().mapToInt(one -> one.row().length()).max().orElseThrow();
        int[] ids = new int[asked.size() * tokens];
        List<Integer> rows = new ArrayList<>();
        List<Double> uniforms = new ArrayList<>();
        for (int b = 0; b < asked.size(); b++) {
            SamplerRow row = asked.get(b).row();
            System.arraycopy(row.ids(), 0, ids, b * tokens, row.length());
            int first = b * tokens;
            asked.get(b).columns().stream().map(this::source).distinct().forEach(source -> {
                rows.add(first + source);
                int column = rule.shift() ? source + 1 : source;
                uniforms.add((double) rule.noise().uniform(NoisePurpose.SAMPLE, row.sample(), column, step));
            });
        }
        Canvas canvas = Canvas.of(asked.size(), tokens, ids)
                .withMask(mask(asked, tokens))
                .withRows(rows.stream().mapToInt(row -> row).toArray());
        Prediction said = choose(ops, model.hidden(ops, canvas), uniforms);
        return new Said(ops.ints(said.tokens()), ops.doubles(said.logProbability()));
    }

    private Prediction choose(Ops ops, Tensor hidden, List<Double> uniforms) {
        if (rule.settings().greedy()) {
            return ops.argmax(hidden, model.head(), rule.tokens());
        }
        double[] drawn = uniforms.stream().mapToDouble(u -> u).toArray();
        return ops.sample(hidden, model.head(), rule.tokens(), ops.upload(Shape.of(drawn.length), drawn));
    }

    private static AttentionMask mask(List<Asked> asked, int tokens) {
        int[] lengths = asked.stream().mapToInt(one -> one.row().length()).toArray();
        return Arrays.stream(lengths).allMatch(length -> length == tokens)
                ? new AttentionMask.Full()
                : new AttentionMask.Lengths(Arrays.stream(lengths).boxed().toList());
    }
}
