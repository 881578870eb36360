package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.panamask.data.TokenizedDataset.Tokenization;

class TokenizedDatasetTest {
    private static final SftRows MAKER = SftRows.of(12, new RowIds(1, 3, 2, 0, 4), true);
    private static final List<Example> EXAMPLES = IntStream.range(0, 1000)
            .mapToObj(i -> new Example("p" + i, "r" + i % 7))
            .toList();

    @Test
    void theResultDoesNotDependOnTheNumberOfThreads() {
        TokenizedDataset one = build(1);
        TokenizedDataset four = build(4);
        assertThat(four.statistics()).isEqualTo(one.statistics());
        for (int i = 0; i < EXAMPLES.size(); i++) {
            assertThat(four.rows().get(i).index()).isEqualTo(i);
            assertThat(four.rows().get(i).ids())
                    .containsExactly(one.rows().get(i).ids());
        }
    }

    @Test
    void reportsProgressUpToTheEnd() {
        List<Long> done = new ArrayList<>();
        TokenizedDataset.build(EXAMPLES, MAKER, new Tokenization(TokenizedDatasetTest::letters, 2, (at, total) -> {
            assertThat(total).isEqualTo(1000);
            done.add(at);
        }));
        assertThat(done).containsExactly(256L, 512L, 768L, 1000L);
    }

    @Test
    void passesOnWhatATokenizerThrows() {
        Tokenization failing = new Tokenization(
                text -> {
                    if (text.equals("p700")) {
                        throw new DataException("no such letter");
                    }
                    return letters(text);
                },
                3,
                (_, _) -> {});
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> TokenizedDataset.build(EXAMPLES, MAKER, failing))
                .withMessage("no such letter");
    }

    @Test
    void stopsWhenTheCallerIsInterrupted() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> build(2))
                .withMessage("tokenisation was cancelled");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void tokenisesTextsInTheirOrder() {
        List<String> texts = EXAMPLES.stream().map(Example::prompt).toList();
        List<int[]> ids =
                TokenizedDataset.encode(texts, new Tokenization(TokenizedDatasetTest::letters, 3, (_, _) -> {}));
        assertThat(ids).hasSize(1000);
        assertThat(ids.get(999)).containsExactly(letters("p999"));
    }

    @Test
    void refusesAnEmptyDataSetAndNoThreads() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> TokenizedDataset.build(
                        List.of(), MAKER, new Tokenization(TokenizedDatasetTest::letters, 1, (_, _) -> {})))
                .withMessage("data: there must be at least one example to make rows of, but there is none");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> new Tokenization(TokenizedDatasetTest::letters, 0, (_, _) -> {}))
                .withMessage("data.workers must be at least 1, not 0");
    }

    private static TokenizedDataset build(int workers) {
        return TokenizedDataset.build(
                EXAMPLES, MAKER, new Tokenization(TokenizedDatasetTest::letters, workers, (_, _) -> {}));
    }

    private static int[] letters(String text) {
        return text.chars().toArray();
    }
}
