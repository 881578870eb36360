package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.panamask.data.DataFixtures.ints;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PackingTest {
    private static final RowIds SPECIAL = new RowIds(1, 3, 2, 0, 4);

    private static List<Integer> list(JsonNode array) {
        return Arrays.stream(ints(array)).boxed().toList();
    }

    @Test
    void packsEqualTheReference() {
        for (JsonNode example : DataFixtures.read("packing.json").get("greedy")) {
            List<Integer> lengths = list(example.get("lengths"));
            Packing packing = Packing.greedy(lengths, example.get("capacity").intValue());
            assertThat(packing.packs().stream()
                            .map(pack -> pack.stream().map(lengths::get).toList())
                            .toList())
                    .isEqualTo(StreamSupport.stream(example.get("packs").spliterator(), false)
                            .map(PackingTest::list)
                            .toList());
            assertThat(packing.dropped()).hasSize(example.get("dropped").intValue());
            assertThat(packing.packs().stream().flatMap(List::stream)).doesNotHaveDuplicates();
        }
    }

    @Test
    void balancedTruncationEqualsTheReference() {
        for (JsonNode example : DataFixtures.read("packing.json").get("truncate")) {
            int[] row = ints(example);
            assertThat(Truncation.BALANCED.keep(row[0], row[1], row[2])).isEqualTo(new Truncation.Kept(row[3], row[4]));
        }
    }

    @Test
    void aTargetGoesFirstUnlessTruncationIsBalanced() {
        int[] source = IntStream.range(10, 20).toArray();
        int[] target = IntStream.range(30, 40).toArray();
        SftRows maker = SftRows.of(13, SPECIAL, false);
        assertThat(maker.row(source, target, 0).ids()).containsExactly(1, 3, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 2);
        assertThat(maker.withTruncation(Truncation.BALANCED)
                        .row(source, target, 0)
                        .ids())
                .containsExactly(1, 15, 16, 17, 18, 19, 3, 30, 31, 32, 33, 34, 2);
    }

    @Test
    void packsLieBehindEachOtherInABatch() {
        List<Row> rows = List.of(row(4, 0), row(3, 1), row(6, 2), row(2, 3));
        List<Pack> packs = Pack.greedy(rows, 7);

        assertThat(packs.stream()
                        .map(pack -> pack.rows().stream().map(Row::index).toList())
                        .toList())
                .containsExactly(List.of(0L, 1L), List.of(2L), List.of(3L));
        PackedBatch batch = PackedBatch.of(List.of(packs.get(2), packs.get(0)), 9);
        assertThat(batch.size()).isEqualTo(2);
        assertThat(batch.columns()).isEqualTo(7);
        assertThat(batch.ids()).containsExactly(3, 3, 9, 9, 9, 9, 9, 0, 0, 0, 0, 1, 1, 1);
        boolean[] maskable = new boolean[14];
        for (int n : new int[] {1, 8, 9, 10, 12, 13}) {
            maskable[n] = true;
        }
        assertThat(batch.maskable()).containsExactly(maskable);
        assertThat(batch.spans().stream().map(PackedBatch.Span::first)).containsExactly(0, 7, 11);
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Pack.greedy(List.of(row(4, 0), row(8, 1)), 7))
                .withMessage("packing: every row must fit a pack of 7 tokens, but 1 do not; raise data.max_tokens");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Packing.greedy(List.of(1), 0))
                .withMessage("packing: a pack must hold at least 1 token, not 0");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> new Pack(List.of()))
                .withMessage("pack: must hold at least one row, but got none");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> PackedBatch.of(List.of(), 0))
                .withMessage("batch: must hold at least one pack, but got none");
    }

    /// A row of `length` columns that all hold its index; the first is given.
    private static Row row(int length, int index) {
        int[] ids = new int[length];
        Arrays.fill(ids, index);
        return Row.of(ids, 1, length, index);
    }
}
