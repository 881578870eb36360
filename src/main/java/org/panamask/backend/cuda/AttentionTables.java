package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.panamask.backend.cuda.attention.MaskTable;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.KeyIntervals;

/// The tables of the masks of a job: the layers of a model share one mask, so each is made once.
final class AttentionTables {
    private static final int MOST = 8;

    private final CudaJob job;
    private final Map<Key, MaskTable> tables = new LinkedHashMap<>();

    AttentionTables(CudaJob job) {
        this.job = job;
    }

    /// A mask, which equals itself only, and the rows of its tiles.
    private record Key(KeyIntervals mask, int rows) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key(KeyIntervals theirs, int theirRows) && theirs == mask && theirRows == rows;
        }

        @Override
        public int hashCode() {
            return Objects.hash(System.identityHashCode(mask), rows);
        }
    }

    /// The table of `mask` with tiles of `rows` query rows.
    MaskTable of(KeyIntervals mask, int rows) {
        if (tables.size() > MOST) {
            tables.clear();
        }
        return tables.computeIfAbsent(new Key(mask, rows), key -> new MaskTable(key.mask(), key.rows()));
    }

    /// Brings a table to memory of `frame`.
    MemorySegment upload(Frame frame, MaskTable table, Optional<DropoutKey> dropout) {
        MemorySegment at = frame.take(table.size() * (long) Integer.BYTES);
        job.device().queue().upload(MemorySegment.ofArray(table.withDraws(dropout)), at.address());
        return at;
    }
}
