package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;

final class EstimatorTest {
    @TempDir
    private Path folder;

    private Toy toy;

    @BeforeEach
    void open() throws IOException {
        toy = Toy.open(folder);
    }

    @AfterEach
    void close() {
        toy.close();
    }

    private NllResult answers(NllSettings settings, Estimator estimator) throws IOException {
        Path rows = ToyModel.writeRows(folder.resolve("rows.jsonl"), 3);
        Method method = new Method.Diffusion(true, estimator);
        return new NllEvaluation(Toy.data(rows, EvaluationData.Form.ANSWERS, 20), settings)
                .of(toy.subject(method), toy.loaded(), Progress.NONE);
    }

    private static NllSettings settings(int steps, int batch) {
        return new NllSettings(Optional.of(steps), 42, batch, new NllSettings.Draws(8, 0));
    }

    @Test
    void theResultDoesNotDependOnTheBatch() throws IOException {
        for (Estimator estimator : Estimator.values()) {
            assertThat(answers(settings(16, 1), estimator).rows())
                    .isEqualTo(answers(settings(16, 5), estimator).rows());
        }
    }

    @Test
    void lladasEstimateComesNearTheSumOverAllPatterns() throws IOException {
        // Every pattern is drawn so often that the estimate of many draws is that of all patterns.
        NllResult few = answers(settings(8, 16), Estimator.LLADA);
        NllResult many = answers(settings(8000, 16), Estimator.LLADA);

        assertThat(many.drawError()).isPositive().isLessThan(few.drawError() + 0.01);
        assertThat(many.work().asked()).isEqualTo(24_000);
        assertThat(many.work().computed()).isEqualTo(3 * 15);
        for (int n = 0; n < 3; n++) {
            RowScore row = few.rows().get(n);
            assertThat(Math.abs(row.nll() - many.rows().get(n).nll())).isLessThan(1);
        }
        // Dream's estimate leaves the last token out, which the end token here is.
        assertThat(answers(settings(8000, 16), Estimator.DREAM).mean().value())
                .isLessThan(many.mean().value());
    }

    @Test
    void chainsAreExactForTheirOrder() throws IOException {
        NllResult forward = answers(settings(16, 4), Estimator.AR_FTB);
        NllResult backward = answers(settings(16, 4), Estimator.AR_BTF);

        assertThat(forward.isBound()).isFalse();
        assertThat(forward.drawError()).isZero();
        assertThat(forward.work()).isEqualTo(new RowScore.Work(12, 12));
        assertThat(forward.mean().value()).isNotEqualTo(backward.mean().value());
        assertThat(answers(settings(16, 4), Estimator.LLADA).isBound()).isTrue();
    }

    @Test
    void guidanceChangesEveryEstimateButDiffullamas() throws IOException {
        NllSettings guided = new NllSettings(Optional.of(16), 42, 4, new NllSettings.Draws(8, 1.5));
        for (Estimator estimator : List.of(Estimator.LLADA, Estimator.DREAM, Estimator.AR_FTB)) {
            assertThat(answers(guided, estimator).mean().value())
                    .isNotEqualTo(answers(settings(16, 4), estimator).mean().value());
        }
    }

    @Test
    void familiesHaveTheirOwn() {
        assertThat(Estimator.ofFamily("llada")).isEqualTo(Estimator.LLADA);
        assertThat(Estimator.ofFamily("Dream")).isEqualTo(Estimator.DREAM);
        assertThat(Estimator.ofFamily("llama")).isEqualTo(Estimator.DDM);
        assertThat(Estimator.named("ar_btf")).isEqualTo(Estimator.AR_BTF);
    }
}
