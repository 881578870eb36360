package example.objective;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.Parameters;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.train.AdamW;
import org.panamask.train.TrainSettings;

/// Rows say a word of five letters three times, and one gap of one to five letters is to be filled.
///
/// @param ids the letters with holes, row after row
/// @param holes the columns to fill, as `row * COLUMNS + column`
/// @param letters what stood there
/// @param weights of each in the loss: every row counts the same, however long its gap
/// @param visible who sees whom: every column itself and what is written, never another hole
record FillTheGap(int[] ids, int[] holes, int[] letters, double[] weights, BitSet visible) {
    private static final int WORD = 5, COLUMNS = 3 * WORD, ALPHABET = 26, HOLE = ALPHABET, BATCH = 32, STEPS = 300;

    static FillTheGap draw(Random random) {
        int[] written = new int[BATCH * COLUMNS];
        double[] share = new double[written.length];
        for (int row = 0; row < BATCH; row++) {
            int[] word = random.ints(WORD, 0, ALPHABET).toArray();
            int gap = 1 + random.nextInt(WORD);
            int from = row * COLUMNS + random.nextInt(COLUMNS - gap + 1);
            Arrays.setAll(share, n -> n >= from && n < from + gap ? 1.0 / (BATCH * gap) : share[n]);
            IntStream.range(row * COLUMNS, (row + 1) * COLUMNS).forEach(n -> written[n] = word[n % WORD]);
        }
        IntPredicate hidden = n -> share[n] > 0;
        int[] holes = IntStream.range(0, written.length).filter(hidden).toArray();
        BitSet visible = new BitSet();
        for (int query = 0; query < written.length; query++) {
            for (int column = 0; column < COLUMNS; column++) {
                int key = query / COLUMNS * COLUMNS + column;
                visible.set(query * COLUMNS + column, key == query || !hidden.test(key));
            }
        }
        return new FillTheGap(
                IntStream.range(0, written.length)
                        .map(n -> hidden.test(n) ? HOLE : written[n])
                        .toArray(),
                holes,
                Arrays.stream(holes).map(n -> written[n]).toArray(),
                Arrays.stream(holes).mapToDouble(n -> share[n]).toArray(),
                visible);
    }

    CrossEntropy loss(Ops ops, Denoiser model) {
        Canvas canvas = Canvas.of(BATCH, COLUMNS, ids)
                .withMask(new AttentionMask.Given(BATCH, COLUMNS, visible))
                .withRows(holes);
        Shape shape = Shape.of(holes.length);
        return ops.crossEntropy(
                model.hidden(ops, canvas), model.head(), ops.upload(shape, letters), ops.upload(shape, weights));
    }

    public static void main(String[] arguments) {
        Random random = new Random(7);
        TrainSettings settings = TrainSettings.defaults().with("weight_decay", 0.01);
        try (Backend backend = Backends.open(BackendSettings.defaults().with("threads", 1));
                Owner owner = backend.owner("fill the gap")) {
            LlamaConfig config = LlamaConfig.of(ALPHABET + 1, 64, 2, 4, COLUMNS);
            Model model = backend.run("model", Precision.F32, ops -> Models.create(config, 7, ops, owner));
            Accumulators gradients = backend.run(
                    "gradients",
                    Precision.F32,
                    ops -> Accumulators.of(ops, owner, model.parameters().trainable()));
            AdamW optimizer = backend.run(
                    "optimizer",
                    Precision.F32,
                    ops -> AdamW.create(ops, owner, settings, gradients, Parameters::decays));
            for (int step = 0; step < STEPS; step++) {
                FillTheGap task = draw(random);
                double rate = 5e-3 * (STEPS - step) / STEPS;
                double loss = backend.run("step", Precision.F32, ops -> {
                    Tape tape = new Tape(ops, gradients);
                    CrossEntropy scored = task.loss(tape, model);
                    double value = ops.doubles(scored.loss())[0];
                    tape.backward(scored);
                    optimizer.step(ops, rate);
                    return value;
                });
                if (step % 50 == 49) {
                    IO.println("after step %d: loss %.3f".formatted(step + 1, loss));
                }
            }
            FillTheGap unseen = draw(random);
            int[] correct = backend.run(
                    "score",
                    Precision.F32,
                    ops -> ops.ints(unseen.loss(ops, model).correct()));
            double right = Arrays.stream(correct).average().orElseThrow();
            IO.println("letters right of an unseen batch: %.1f %%".formatted(100 * right));
        }
    }
}
