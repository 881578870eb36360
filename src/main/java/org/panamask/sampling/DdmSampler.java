package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.EqualTokens;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;

/// Fills canvases in by unmasking: every free column starts hidden, and each step opens some. An open column never
/// closes, unless the settings say `remask`: then each step fills all free columns anew and hides the least sure.
///
/// The result is that of as many forward passes as there are steps; passes whose outcome is known are left out, a row
/// leaves the batch when nothing of it is hidden, and the head sees only columns that compete.
///
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, generate_samples, and
///     model.py, generate_samples</a>
/// @see <a href="https://github.com/HKUNLP/diffusion-vs-ar">HKUNLP/diffusion-vs-ar, generate_samples and
///     topk_decoding, for `remask`</a>
public final class DdmSampler implements Sampler {
    private final Denoiser model;
    private final Passes passes;
    private final Rule rule;

    /// How to fill in.
    ///
    /// @param settings steps, order, choice of tokens
    /// @param maskToken the id of hidden columns
    /// @param alignment which hidden state predicts a column
    /// @param noise where random numbers come from
    public record Rule(DdmSettings settings, int maskToken, Alignment alignment, NoiseSource noise) {
        /// The rule of a model that predicts column i from its own hidden state, or with `shift` from that of
        /// column i - 1.
        public Rule(DdmSettings settings, int maskToken, boolean shift, NoiseSource noise) {
            this(settings, maskToken, Alignment.of(shift), noise);
        }

        /// The rule with the random numbers of the settings' seed.
        public static Rule of(DdmSettings settings, int maskToken, boolean shift) {
            return of(settings, maskToken, Alignment.of(shift));
        }

        /// The rule with the random numbers of the settings' seed.
        public static Rule of(DdmSettings settings, int maskToken, Alignment alignment) {
            return new Rule(settings, maskToken, alignment, new Noise(settings.seed()));
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
    public DdmSampler(Denoiser model, Passes passes, Rule rule) {
        this.model = model;
        this.passes = passes;
        this.rule = rule;
    }

    @Override
    public SamplerResult sample(SamplerInput input, SamplerListener listener) {
        List<SamplerRow> rows = new ArrayList<>();
        for (int b = 0; b < input.batch(); b++) {
            rows.add(new SamplerRow(input, b, rule.maskToken()));
        }
        EqualTokens equal = new EqualTokens();
        int steps = rule.settings().steps();
        int forwards = 0;
        int rowForwards = 0;
        long columns = 0;
        long headRows = 0;
        listener.changed(step(0, rows));
        for (int t = steps - 1; t >= 0; t--) {
            int left = t;
            List<boolean[]> drawn = rows.stream().map(row -> wanted(row, left)).toList();
            List<Asked> asked = asked(rows, drawn);
            if (!asked.isEmpty()) {
                predict(asked, steps - 1 - t, equal);
                forwards++;
                rowForwards += asked.size();
                columns += asked.stream().mapToLong(one -> one.row().length()).sum();
                headRows +=
                        asked.stream().mapToLong(one -> one.columns().size()).sum();
            }
            boolean any = false;
            for (int b = 0; b < rows.size(); b++) {
                any |= advance(rows.get(b), drawn.get(b), t);
            }
            if (any) {
                listener.changed(step(steps - t, rows));
            }
        }
        long plain = (long) steps * rows.stream().mapToLong(SamplerRow::length).sum();
        return new SamplerResult(
                rows.stream().map(SamplerRow::ids).toList(),
                rows.stream().map(SamplerRow::probabilities).toList(),
                new SamplerResult.Work(
                        forwards,
                        rowForwards,
                        rows.stream().mapToInt(SamplerRow::freeCount).sum()),
                new Savings(steps - forwards, plain - columns, plain - headRows, 0, equal.saved()));
    }

    private SamplerStep step(int number, List<SamplerRow> rows) {
        return new SamplerStep(
                number,
                rule.settings().steps(),
                rows.stream().map(row -> row.ids().clone()).toList(),
                rows.stream().map(SamplerRow::probabilities).toList());
    }

    /// The columns whose prediction the step with `t` more to come needs: the drawn ones in random order; in order
    /// of confidence all free ones, because opened ones compete with their fresh scores, or are filled anew.
    private boolean[] wanted(SamplerRow row, int t) {
        if (rule.settings().remask()) {
            return row.free();
        }
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

    /// Takes `row` one step further with `t` more to come, and says whether it is another now.
    private boolean advance(SamplerRow row, boolean[] wanted, int t) {
        if (rule.settings().remask()) {
            return row.rewrite(t == 0 ? new boolean[row.length()] : masked(row, t));
        }
        if (t > 0 && rule.settings().order() == DdmSettings.Order.CONFIDENCE) {
            boolean[] open = row.hidden();
            boolean[] masked = masked(row, t);
            for (int i = 0; i < open.length; i++) {
                open[i] &= !masked[i];
            }
            return row.open(open);
        }
        return row.open(wanted);
    }

    /// The least sure columns, which stay masked.
    private boolean[] masked(SamplerRow row, int t) {
        return row.lowest(kept(row.freeCount(), t), noise(row, t));
    }

    /// Gumbel noise for each column in single precision, as in the reference.
    private double[] noise(SamplerRow row, int t) {
        double[] noise = new double[row.length()];
        if (rule.settings().stochastic() == 0) {
            return noise;
        }
        int steps = rule.settings().steps();
        float strength = (float)
                (rule.settings().stochastic() * rule.settings().schedule().share(t, steps));
        for (int i = 0; i < noise.length; i++) {
            float u = rule.noise().uniform(NoisePurpose.ORDER, row.sample(), i, steps - 1 - t);
            noise[i] = strength * negativeLog(negativeLog(u));
        }
        return noise;
    }

    private static float negativeLog(float x) {
        return (float) -Math.log(x + 1e-8f);
    }

    /// How many of `n` free columns stay hidden: single precision decides some roundings, as in the reference.
    private int kept(int n, int t) {
        DdmSettings settings = rule.settings();
        return (int) ((float) n * (float) settings.schedule().share(t, settings.steps()));
    }

    /// The rows that a pass must predict: without drawing, an unchanged row in order of confidence keeps what was
    /// predicted for all of its columns.
    private List<Asked> asked(List<SamplerRow> rows, List<boolean[]> wanted) {
        boolean keeps = rule.settings().greedy() && rule.settings().order() == DdmSettings.Order.CONFIDENCE;
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

    private void predict(List<Asked> asked, int step, EqualTokens equal) {
        Said said = passes.run(ops -> pass(ops, asked, step, equal));
        int next = 0;
        for (Asked one : asked) {
            int source = -1;
            for (int column : one.columns()) {
                if (source(column) != source) {
                    source = source(column);
                    next++;
                }
                boolean own = rule.alignment().predicts(column);
                one.row().predict(column, said.tokens[next - 1], said.scores[next - 1], own);
            }
        }
    }

    /// The column whose hidden state predicts `column`; the first serves column 0 and 1 where states are shifted.
    private int source(int column) {
        return rule.alignment().source(column);
    }

    private Said pass(Ops ops, List<Asked> asked, int step, EqualTokens equal) {
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
                int column = rule.alignment() == Alignment.OWN ? source : source + 1;
                uniforms.add((double) rule.noise().uniform(NoisePurpose.SAMPLE, row.sample(), column, step));
            });
        }
        int[] wanted = rows.stream().mapToInt(row -> row).toArray();
        Canvas canvas = Canvas.of(asked.size(), tokens, ids)
                .withMask(mask(asked, tokens))
                .withRows(Canvas.rounded(ops, wanted, ids.length))
                .withEqualTokens(equal);
        Prediction said = choose(ops, model.hidden(ops, canvas), uniforms);
        return new Said(ops.ints(said.tokens()), ops.doubles(said.logProbability()));
    }

    private Prediction choose(Ops ops, Tensor hidden, List<Double> uniforms) {
        if (rule.settings().greedy()) {
            return ops.argmax(hidden, model.head(), rule.tokens());
        }
        int count = Math.toIntExact(hidden.shape().extent(0));
        double[] drawn = Arrays.copyOf(uniforms.stream().mapToDouble(u -> u).toArray(), count);
        return ops.sample(hidden, model.head(), rule.tokens(), ops.upload(Shape.of(count), drawn));
    }

    private static AttentionMask mask(List<Asked> asked, int tokens) {
        int[] lengths = asked.stream().mapToInt(one -> one.row().length()).toArray();
        return Arrays.stream(lengths).allMatch(length -> length == tokens)
                ? new AttentionMask.Full()
                : new AttentionMask.Lengths(Arrays.stream(lengths).boxed().toList());
    }
}
