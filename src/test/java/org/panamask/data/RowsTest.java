package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.panamask.data.DataFixtures.ints;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RowsTest {
    private static final RowIds SPECIAL = new RowIds(1, 3, 2, 0, 4);

    @Test
    void sftRowsEqualTheReferenceExceptForItsQuirk() {
        JsonNode fixture = DataFixtures.read("sft-rows.json");
        RowIds special = new RowIds(
                fixture.get("bos").intValue(),
                fixture.get("sep").intValue(),
                fixture.get("eos").intValue(),
                fixture.get("pad").intValue(),
                4);
        int quirks = 0;
        for (JsonNode example : fixture.get("cases")) {
            int cutoff = example.get("cutoff_len").intValue();
            Row row =
                    SftRows.of(cutoff, special, true).row(ints(example.get("source")), ints(example.get("target")), 0);
            assertThat(row.ids()).containsExactly(ints(example.get("input_ids")));
            int[] source =
                    IntStream.range(0, cutoff).map(i -> row.isSource(i) ? 1 : 0).toArray();
            assertThat(source).containsExactly(ints(example.get("src_mask")));
            boolean quirk = example.get("quirk").booleanValue();
            quirks += quirk ? 1 : 0;
            if (!quirk) {
                assertThat(row.ids()).containsExactly(ints(example.get("reference_input_ids")));
                assertThat(source).containsExactly(ints(example.get("reference_src_mask")));
            }
        }
        assertThat(quirks).isPositive();
    }

    @Test
    void documentRowsEqualTheReference() {
        JsonNode fixture = DataFixtures.read("pretrain-rows.json");
        DocumentRows maker = DocumentRows.of(
                fixture.get("cutoff_len").intValue(), fixture.get("eos").intValue());
        List<int[]> documents = lists(fixture.get("documents"));
        List<Row> packed = maker.packed(documents);
        assertRows(packed, lists(fixture.get("packed")));
        assertRows(maker.single(documents), lists(fixture.get("single")));
        RowStatistics statistics = maker.statistics(packed, documents, 77);
        assertThat(statistics.rows()).isEqualTo(packed.size());
        assertThat(statistics.droppedTokens() + statistics.tokens())
                .isEqualTo(documents.stream().mapToInt(d -> d.length + 1).sum());
        assertThat(statistics.maskOccurrences()).isEqualTo(5);
    }

    @Test
    void rowsWithoutBeginStartWithThePrompt() {
        SftRows maker = SftRows.withoutBegin(8, SPECIAL, true);
        Row row = maker.row(new int[] {9, 8}, new int[] {7}, 5);
        assertThat(row.ids()).containsExactly(9, 8, 3, 7, 2, 0, 0, 0);
        assertThat(row.sourceLength()).isEqualTo(3);
        assertThat(row.contentLength()).isEqualTo(5);
        int[] source = {9, 8, 7, 6};
        int[] target = {5, 5, 5};
        Row cut = maker.row(source, target, 0);
        assertThat(cut.ids()).containsExactly(8, 7, 6, 3, 5, 5, 5, 2);
        assertThat(maker.statistics(cut, source, target)).isEqualTo(new RowStatistics(1, 8, 0, 1, 0, 1));
        assertThat(maker.row(source, new int[] {5, 5, 5, 5, 5, 5, 6}, 0).ids()).containsExactly(3, 5, 5, 5, 5, 5, 5, 2);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> SftRows.withoutBegin(2, SPECIAL, true))
                .withMessage("data.max_tokens must be at least 3, room for sep, eos and one token, not 2");
    }

    @Test
    void withoutPaddingAsTargetRowsEndAtTheirEndToken() {
        Row row = SftRows.of(12, SPECIAL, false).row(new int[] {9, 8}, new int[] {7}, 5);
        assertThat(row.ids()).containsExactly(1, 9, 8, 3, 7, 2);
        assertThat(row.sourceLength()).isEqualTo(4);
        assertThat(row.contentLength()).isEqualTo(6);
        assertThat(row.index()).isEqualTo(5);
    }

    @Test
    void countsWhatDoesNotFitAndMaskTokensInData() {
        SftRows maker = SftRows.of(8, SPECIAL, true);
        int[] source = {9, 4, 8, 7};
        int[] target = {4, 5, 6};
        Row row = maker.row(source, target, 0);
        assertThat(row.ids()).containsExactly(1, 8, 7, 3, 4, 5, 6, 2);
        assertThat(maker.statistics(row, source, target)).isEqualTo(new RowStatistics(1, 8, 0, 1, 1, 2));
        int[] longTarget = {5, 5, 5, 5, 5, 5, 5};
        Row cut = maker.row(source, longTarget, 1);
        assertThat(cut.ids()).containsExactly(1, 3, 5, 5, 5, 5, 5, 2);
        RowStatistics sum = maker.statistics(row, source, target).plus(maker.statistics(cut, source, longTarget));
        assertThat(sum).isEqualTo(new RowStatistics(2, 16, 1, 2, 1, 8));
        assertThat(sum.warnings())
                .containsExactly(
                        "1 of 2 targets do not fit and lose their end; raise data.max_tokens to keep them whole",
                        "2 of 2 prompts do not fit and lose their beginning; raise data.max_tokens to keep them whole",
                        "the mask token occurs 1 times in the data and is scored there; "
                                + "name a rarer one with model.mask_token_id or add one with model.mask_token: add");
        assertThat(RowStatistics.NONE.warnings()).isEmpty();
    }

    @Test
    void refusesACutoffWithoutRoom() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> SftRows.of(3, SPECIAL, true))
                .withMessage("data.max_tokens must be at least 4, room for bos, sep, eos and one token, not 3");
        assertThat(SftRows.of(4, SPECIAL, true)
                        .row(new int[] {9}, new int[] {8, 7}, 0)
                        .ids())
                .containsExactly(1, 3, 8, 2);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> new RowIds(1, -1, 2, 3, 4))
                .withMessage("rows: special ids must not be negative, but got bos 1, sep -1, eos 2, pad 3, mask 4; "
                        + "give the ids of the vocabulary");
    }

    @Test
    void batchesFillUpToTheLongestRow() {
        SftRows maker = SftRows.of(12, SPECIAL, false);
        Batch batch = Batch.of(
                List.of(maker.row(new int[] {9}, new int[] {8, 7}, 4), maker.row(new int[0], new int[] {6}, 2)), 0);
        assertThat(batch.size()).isEqualTo(2);
        assertThat(batch.columns()).isEqualTo(6);
        assertThat(batch.ids()).containsExactly(1, 9, 3, 8, 7, 2, 1, 3, 6, 2, 0, 0);
        assertThat(batch.lengths()).containsExactly(6, 4);
        assertThat(batch.indices()).containsExactly(4, 2);
        assertThat(batch.isFull()).isFalse();
        assertThat(batch.maskable())
                .containsExactly(false, false, false, true, true, true, false, false, true, true, false, false);
    }

    private static void assertRows(List<Row> rows, List<int[]> expected) {
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i).ids()).containsExactly(expected.get(i));
            assertThat(rows.get(i).sourceLength()).isZero();
            assertThat(rows.get(i).index()).isEqualTo(i);
        }
    }

    private static List<int[]> lists(JsonNode array) {
        List<int[]> lists = new ArrayList<>();
        array.forEach(list -> lists.add(ints(list)));
        return lists;
    }
}
