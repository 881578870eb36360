package org.panamask.backend.cuda.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.KeyIntervals;

class MaskTableTest {
    private static int[] tile(MaskTable table, int tile) {
        int at = table.tileRecords() + tile * 11;
        return Arrays.copyOfRange(table.withDraws(Optional.empty()), at, at + 11);
    }

    @Test
    void tilesHoldRowsOfOneBatchRowWithWhatSomeAndAllOfThemSee() {
        MaskTable table = new MaskTable(new AttentionMask.Causal().lower(2, 5), 3);
        assertThat(table.tiles()).isEqualTo(4);
        assertThat(tile(table, 0)).startsWith(0, 0, 3, 0, 3).endsWith(0, 1, 0, 0);
        assertThat(tile(table, 1)).startsWith(0, 3, 2, 0, 5).endsWith(0, 4, 0, 0);
        assertThat(tile(table, 2)).startsWith(1, 5, 3, 0, 3);
        int[] values = table.withDraws(Optional.empty());
        assertThat(Arrays.copyOfRange(values, table.tileStarts(), table.indices()))
                .containsExactly(0, 2, 4);
        assertThat(Arrays.copyOfRange(values, table.indices(), table.bounds()))
                .containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
    }

    /// Five of eight rows are three tiles of two at most, however they lie; an empty one has no rows and no keys.
    @Test
    void asManyTilesWhicheverRowsAreChosen() {
        MaskTable even = new MaskTable(new AttentionMask.Full().lower(2, 4, new int[] {0, 1, 2, 4, 5}), 2);
        MaskTable one = new MaskTable(new AttentionMask.Full().lower(2, 4, new int[] {0, 1, 2, 3, 3}), 2);
        assertThat(even.tiles()).isEqualTo(3).isEqualTo(one.tiles());
        assertThat(even.size()).isEqualTo(one.size());
        MaskTable spare = new MaskTable(new AttentionMask.Full().lower(2, 4, new int[] {0, 1, 4, 5}), 2);
        assertThat(spare.tiles()).isEqualTo(3);
        assertThat(tile(spare, 2)).containsOnly(0);
    }

    @Test
    void drawnKeysBelongToTheHullButNotToTheCore() {
        KeyIntervals annealed = new AttentionMask.Annealed(0.5, 0x1_0000_0002L, new AttentionMask.Full()).lower(1, 8);
        MaskTable table = new MaskTable(annealed, 4);
        assertThat(table.isAnnealed()).isTrue();
        assertThat(tile(table, 1)).startsWith(0, 4, 4, 0, 8).endsWith(0, 5, 0, 0);
        assertThat(table.withDraws(Optional.empty())).startsWith(2, 1, 32768);
    }

    @Test
    void nothingAfterTheRowsIsReadWhereNoDrawCanOpenIt() {
        KeyIntervals closed = new AttentionMask.Annealed(0, 7, new AttentionMask.Full()).lower(1, 8);
        assertThat(tile(new MaskTable(closed, 4), 0)).startsWith(0, 0, 4, 0, 4);
    }

    @Test
    void aRowWithoutKeysLeavesNoCore() {
        KeyIntervals spans = new AttentionMask.Lengths(List.of(0)).lower(1, 2);
        assertThat(tile(new MaskTable(spans, 4), 0))
                .startsWith(0, 0, 2, Integer.MAX_VALUE, 0)
                .endsWith(0, 0, 0, 0);
    }
}
