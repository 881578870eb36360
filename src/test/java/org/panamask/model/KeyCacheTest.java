package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.diffusion.SoftEmbeddings;
import org.panamask.tensor.AttentionMask;

/// What passes say that take keys and values of rows from a cache.
final class KeyCacheTest {
    private static final int TOKENS = 12;
    private static final int WIDTH = 64;
    private static final int[] IDS =
            IntStream.range(0, 2 * TOKENS).map(n -> n * 7 % 90).toArray();
    private static final int[] ALL = IntStream.range(0, 2 * TOKENS).toArray();
    private static final AttentionMask LENGTHS = new AttentionMask.Lengths(List.of(TOKENS, 9));

    private static Canvas canvas(int[] ids) {
        return Canvas.of(2, TOKENS, ids).withMask(LENGTHS);
    }

    /// Rows of the hidden states of a whole canvas.
    private static double[] rows(double[] all, int... rows) {
        int width = all.length / ALL.length;
        return Arrays.stream(rows)
                .mapToObj(row -> Arrays.copyOfRange(all, row * width, (row + 1) * width))
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }

    private static int[] changed(int... rows) {
        int[] ids = IDS.clone();
        Arrays.stream(rows).forEach(row -> ids[row] = 1);
        return ids;
    }

    private static KeyCache open(Tiny tiny) {
        return KeyCache.open(tiny, tiny.model().keyRoom(), 2, TOKENS);
    }

    @Test
    void theCpuBackendIsExactAsWell() {
        try (Tiny tiny = Tiny.open("cpu", Tiny.folder("llama-tiny"));
                KeyCache cache = open(tiny)) {
            double[] plain = tiny.hidden(canvas(IDS));
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL))).isEqualTo(plain);
            for (int[] fed : List.of(new int[] {7}, new int[] {0, 5, 6, 13, 20}, new int[] {12, 13, 14})) {
                assertThat(tiny.hidden(canvas(IDS).withCache(cache, fed, fed))).isEqualTo(rows(plain, fed));
                assertThat(tiny.hidden(canvas(IDS).withCache(cache, fed, new int[] {fed[0]})))
                        .isEqualTo(rows(plain, fed));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "qwen2-tiny", "gpt2-tiny", "llama-tiny-bf16"})
    void aPassThatFeedsEveryRowIsThePassWithoutACache(String name) {
        try (Tiny tiny = Tiny.open(name);
                KeyCache cache = open(tiny)) {
            double[] plain = tiny.hidden(canvas(IDS));

            assertThat(tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL))).isEqualTo(plain);
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL))).isEqualTo(plain);
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL).withRows(new int[] {3, 14})))
                    .isEqualTo(rows(plain, 3, 14));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "qwen2-tiny", "gpt2-tiny", "llama-tiny-bf16"})
    void fedRowsOfAnUnchangedCanvasAreThoseOfTheWholePass(String name) {
        try (Tiny tiny = Tiny.open(name);
                KeyCache cache = open(tiny)) {
            double[] whole = tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL));
            int[] fed = {0, 5, 6, 13, 20};

            assertThat(tiny.hidden(canvas(IDS).withCache(cache, fed, fed))).isEqualTo(rows(whole, fed));
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, fed, new int[] {6})))
                    .isEqualTo(rows(whole, fed));
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, fed, new int[0]).withRows(new int[] {13})))
                    .isEqualTo(rows(whole, 13));
            assertThat(tiny.hidden(canvas(IDS).withCache(cache, new int[] {17}, new int[] {17})))
                    .isEqualTo(rows(whole, 17));
        }
    }

    @Test
    void keptRowsCountInLaterPassesAndOthersDoNot() {
        try (Tiny tiny = Tiny.open("llama-tiny");
                KeyCache cache = open(tiny)) {
            int[] fed = {4, 5};
            int[] other = {8};
            double[] whole = tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL));
            double[] passing = tiny.hidden(canvas(changed(5)).withCache(cache, fed, new int[0]));
            double[] after = tiny.hidden(canvas(changed(5)).withCache(cache, other, other));

            assertThat(passing).isNotEqualTo(rows(whole, fed));
            assertThat(after).isEqualTo(rows(whole, other));
            assertThat(tiny.hidden(canvas(changed(5)).withCache(cache, fed, new int[] {5})))
                    .isEqualTo(passing);
            assertThat(tiny.hidden(canvas(changed(5)).withCache(cache, other, other)))
                    .isNotEqualTo(after);
        }
    }

    /// With one layer keys and values depend on nothing but token and position, so no row of the cache is out of
    /// date.
    @Test
    void oneLayerIsExactWhateverElseHasChanged() {
        try (Tiny tiny = Tiny.created(LlamaConfig.of(90, WIDTH, 1, 2, 32), 5);
                KeyCache cache = open(tiny)) {
            tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL));
            int[] fed = {4, 5, 6};

            assertThat(tiny.hidden(canvas(changed(4, 6)).withCache(cache, fed, fed)))
                    .isEqualTo(rows(tiny.hidden(canvas(changed(4, 6))), fed));
        }
    }

    @Test
    void aTextDoesNotDependOnWhereItsNeighboursAre() {
        try (Tiny tiny = Tiny.open("llama-tiny");
                KeyCache both = open(tiny);
                KeyCache one = KeyCache.open(tiny, tiny.model().keyRoom(), 1, TOKENS)) {
            int[] first = IntStream.range(0, TOKENS).toArray();
            int[] mixed =
                    IntStream.concat(Arrays.stream(first), IntStream.of(15, 16)).toArray();
            tiny.hidden(canvas(IDS).withCache(both, ALL, ALL));
            double[] opened = tiny.hidden(canvas(changed(3, 15)).withCache(both, mixed, mixed));
            double[] alone = tiny.hidden(
                    Canvas.of(1, TOKENS, Arrays.copyOf(changed(3), TOKENS)).withCache(one, first, first));

            assertThat(Arrays.copyOf(opened, TOKENS * WIDTH)).isEqualTo(alone);
        }
    }

    @Test
    void theCacheTakesItsMemoryOnceAndGivesItBack() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            KeyCache cache = open(tiny);
            KeyCache.Room room = tiny.model().keyRoom();
            assertThat(tiny.backend().ledger().owners())
                    .containsEntry("key cache", 2L * room.layers() * room.width() * ALL.length * 4);
            tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL));
            long allocations = tiny.backend().ledger().allocations();
            for (int row = 0; row < 5; row++) {
                tiny.hidden(canvas(IDS).withCache(cache, new int[] {row, row + 1}, new int[] {row}));
            }
            assertThat(tiny.backend().ledger().allocations()).isEqualTo(allocations);
            cache.close();
            cache.close();
            assertThat(tiny.backend().ledger().owners()).doesNotContainKey("key cache");
        }
    }

    @Test
    void rowsThatAreNowhereAreRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny");
                KeyCache cache = open(tiny)) {
            int[] some = {0, 1, 3};
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.hidden(canvas(IDS).withCache(cache, some, some)))
                    .withMessage("hidden states: every row that is seen must be fed or in the key cache, but column 2"
                            + " of row 0 is in neither; feed all of a text once first");
            int[] second = IntStream.range(TOKENS, TOKENS + 9).toArray();
            tiny.hidden(canvas(IDS).withCache(cache, second, second));
            assertThat(cache.holds(TOKENS + 8)).isTrue();
            assertThat(cache.holds(TOKENS + 9)).isFalse();
            tiny.hidden(canvas(IDS).withCache(cache, new int[] {14}, new int[] {14}));
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() ->
                            tiny.hidden(canvas(IDS).withCache(cache, ALL, ALL).withCache(cache, second, new int[] {2})))
                    .withMessage("hidden states: wanted, kept and softened rows must be fed, but row 2 is not;"
                            + " feed it or leave it out");
        }
    }

    @Test
    void softEmbeddingsOfAnotherSizeAreRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny");
                SoftEmbeddings soft = SoftEmbeddings.open(tiny, tiny.model(), 2, TOKENS)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Canvas.of(1, TOKENS, new int[TOKENS]).withSoft(soft, new int[] {0}))
                    .withMessage("canvas: soft embeddings of 1 x 12 columns are needed, but got those of 24");
            assertThat(tiny.hidden(canvas(IDS).withSoft(soft, new int[0]))).isEqualTo(tiny.hidden(canvas(IDS)));
        }
    }

    @Test
    void aCacheOfAnotherSizeIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny");
                KeyCache cache = open(tiny)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Canvas.of(1, TOKENS, new int[TOKENS]).withCache(cache, new int[] {0}, new int[0]))
                    .withMessage("canvas: a cache of 1 x 12 is needed, but got one of 2 x 12");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> canvas(IDS).withCache(cache, new int[0], new int[0]))
                    .withMessage("canvas: at least one row must be fed, but got none; leave the forward pass out");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> canvas(IDS).withCache(cache, new int[] {3, 3}, new int[0]))
                    .withMessage("canvas: fed rows must ascend within [0, 24), but got 3 at 1");
        }
    }
}
