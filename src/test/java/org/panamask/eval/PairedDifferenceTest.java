package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.panamask.train.ModelSettings;

final class PairedDifferenceTest {
    private static NllResult result(String name, double... nll) {
        return of(name, 7, nll);
    }

    private static NllResult of(String name, long fingerprint, double... nll) {
        Subject subject = new Subject(name, ModelSettings.of(Path.of(name)), new Method.Diffusion(true));
        List<RowScore> rows = IntStream.range(0, nll.length)
                .mapToObj(n -> new RowScore(n, 5, nll[n]))
                .toList();
        return new NllResult(subject, rows, List.of(), fingerprint, 1);
    }

    @Test
    void whatIsHardForBothDoesNotAddToTheError() {
        PairedDifference paired = PairedDifference.between(result("a", 1, 5, 9), result("b", 0.5, 4.4, 8.6))
                .orElseThrow();

        assertThat(paired.of()).isEqualTo("b");
        assertThat(paired.from()).isEqualTo("a");
        assertThat(paired.difference().value()).isCloseTo(-0.5, within(1e-12));
        assertThat(paired.difference().standardError()).isCloseTo(0.1 / Math.sqrt(3), within(1e-12));
        assertThat(paired.inStandardErrors()).isCloseTo(-5 * Math.sqrt(3), within(1e-9));
    }

    @Test
    void everyTwoModelsAreComparedTheLaterWithTheEarlier() {
        assertThat(PairedDifference.ofAll(List.of(result("a", 1, 2), result("b", 2, 3), result("c", 0, 5))))
                .extracting(paired -> paired.of() + "-" + paired.from())
                .containsExactly("b-a", "c-b", "c-a");
    }

    @Test
    void otherRowsAreNotCompared() {
        assertThat(PairedDifference.between(result("a", 1, 2), of("b", 8, 1, 2)))
                .isEmpty();
        assertThat(PairedDifference.between(result("a", 1, 2), result("b", 1, 2, 3)))
                .isEmpty();
    }
}
