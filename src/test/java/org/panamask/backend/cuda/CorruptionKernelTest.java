package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The device hides the very tokens that [Masker] hides.
class CorruptionKernelTest {
    private static final int MASK = 3;
    private static final long SEED = 0x1234_5678_9ABC_DEF0L;
    private static final int STEP = 41;

    private static CudaBackend backend;

    @BeforeAll
    static void start() {
        backend = CudaFixture.open();
    }

    @AfterAll
    static void stop() {
        if (backend != null) {
            backend.close();
        }
    }

    private static int[] packed(boolean[] flags) {
        int[] words = new int[(flags.length + 3) / 4];
        for (int i = 0; i < flags.length; i++) {
            words[i / 4] |= flags[i] ? 1 << i % 4 * 8 : 0;
        }
        return words;
    }

    private static int[] halves(long[] values) {
        int[] words = new int[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            words[2 * i] = (int) values[i];
            words[2 * i + 1] = (int) (values[i] >>> 32);
        }
        return words;
    }

    private static Tensor words(CudaJob job, int... values) {
        return job.upload(Shape.of(values.length), values);
    }

    @Test
    void theSameTokensAreHiddenAsOnTheHost() {
        int tokens = 60;
        int[] ids = new int[3 * tokens];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 10 + i;
            maskable[i] = i % 5 != 0;
        }
        TokenRows rows = TokenRows.of(3, tokens, ids, maskable);
        Corrupted expected = new Masker(MASK, 1e-3, new Noise(SEED)).corrupt(rows, 0.4f, STEP);
        CudaFixture.run(backend, job -> {
            Tensor noisy = job.make(Shape.of(ids.length), DType.I32);
            Tensor hidden = job.make(Shape.of(ids.length / 4), DType.I32);
            Arguments arguments = new Arguments()
                    .pointer(noisy)
                    .pointer(hidden)
                    .pointer(words(job, ids))
                    .pointer(words(job, rows.positions()))
                    .pointer(words(job, rows.segments()))
                    .pointer(words(job, packed(maskable)))
                    .pointer(words(job, halves(rows.samples())))
                    .pointer(job.upload(Shape.of(3), new float[] {0.4f, 0.4f, 0.4f}))
                    .pointer(words(job, (int) SEED, (int) (SEED >>> 32), STEP, 0))
                    .i32(ids.length)
                    .i32(MASK);
            Kernel kernel = job.kernel(new Family("corruption", new TreeMap<>()), "hide_tokens");
            job.launch(kernel, Grid.covering(ids.length, 64), arguments);
            assertThat(job.ints(noisy)).isEqualTo(expected.ids());
            assertThat(job.ints(hidden)).isEqualTo(packed(expected.hidden()));
            return true;
        });
    }
}
