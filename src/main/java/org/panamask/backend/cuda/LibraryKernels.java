package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cuda.attention.AttentionProblem;
import org.panamask.backend.cuda.attention.MaskTable;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// The kernels around attention by other libraries, `kernels/attention_libraries.cu`.
final class LibraryKernels {
    private static final String FAMILY = "attention_libraries";
    private static final int THREADS = 256;
    private static final int WORD = 32;
    private static final int DRAWS_OF_WORD = 4;

    private final CudaJob job;
    private final AttentionTables tables;

    LibraryKernels(CudaJob job, AttentionTables tables) {
        this.job = job;
        this.tables = tables;
    }

    /// The mask as numbers that are added to scores, `[R, T]` of the job's type, in memory of `frame`.
    MemorySegment bias(Frame frame, AttentionInputs inputs) {
        long rows = inputs.mask().count();
        long keys = inputs.mask().keys();
        MemorySegment bias = frame.take(rows * keys * job.dtype().bytes());
        job.launch(
                kernel("attention_bias"),
                Grid.covering(rows * ((keys + WORD - 1) / WORD) * DRAWS_OF_WORD, THREADS),
                new Arguments().bytes(problem(frame, inputs).bytes()).pointer(bias));
        return bias;
    }

    /// The kernel `name` for the job's type.
    Kernel kernel(String name) {
        return job.kernel(FAMILY, name);
    }

    /// Rounds F32 sums.
    void store(MemorySegment sums, Into into) {
        long count = into.tensor().count();
        job.launch(
                kernel("attention_sums"),
                Grid.covering(count, THREADS),
                new Arguments().pointer(into.tensor()).pointer(sums).i64(count).i32(into.add() ? 1 : 0));
    }

    /// The inputs as kernels see them.
    AttentionProblem problem(Frame frame, AttentionInputs inputs) {
        MaskTable table = tables.of(inputs.mask(), 64);
        return new AttentionProblem(inputs, table, tables.upload(frame, table, inputs.dropout()));
    }

    /// Adds up the heads of each group: `from` `[N, H, d]`, `into` `[N, K, d]`.
    void groups(MemorySegment from, Into into, int group) {
        Tensor to = into.tensor();
        job.launch(
                kernel("attention_groups"),
                Grid.covering(to.count(), THREADS),
                new Arguments()
                        .pointer(to)
                        .pointer(from)
                        .i64(to.count())
                        .i32(Math.toIntExact(to.shape().last()))
                        .i32(group)
                        .i32(into.add() ? 1 : 0));
    }
}
