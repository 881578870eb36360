package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.TreeMap;
import org.panamask.backend.cuda.attention.AttentionProblem;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.backend.cuda.attention.MaskTable;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Tensor;

/// Attention by the kernels of this library, which never hold a `[T, T]`. What is kept of a result is the logarithm of
/// the sum of exponentials, F32 `[H, R]`, and under dropout what rounding took from the result, `[R, H, d]`: there the
/// gradient of a score is a difference of products that do not round alike.
final class PmkAttention implements AttentionEngine {
    private static final int FLOAT = 4;

    private final CudaJob job;
    private final AttentionTables tables;
    private final boolean deterministic;
    private final boolean streaming;

    /// @param job what it computes with
    /// @param tables of the job's masks
    /// @param deterministic whether gradients of queries are summed in one order, at the cost of two more products
    PmkAttention(CudaJob job, AttentionTables tables, boolean deterministic) {
        this(job, tables, deterministic, job.dtype() == DType.F32);
    }

    private PmkAttention(CudaJob job, AttentionTables tables, boolean deterministic, boolean streaming) {
        this.job = job;
        this.tables = tables;
        this.deterministic = deterministic;
        this.streaming = streaming;
    }

    /// The kernels without tensor cores, for any type.
    static PmkAttention plain(CudaJob job, AttentionTables tables) {
        return new PmkAttention(job, tables, true, true);
    }

    /// The inputs of one call, as kernels see them.
    private record Call(AttentionTiling tiling, MaskTable table, int heads, int keyHeads) {}

    private Call call(AttentionInputs inputs) {
        int width = Math.toIntExact(inputs.q().shape().last());
        AttentionTiling tiling =
                streaming ? AttentionTiling.streaming(job.dtype(), width) : AttentionTiling.of(job.dtype(), width);
        return new Call(
                tiling,
                tables.of(inputs.mask(), tiling.rows()),
                Math.toIntExact(inputs.q().shape().extent(1)),
                Math.toIntExact(inputs.k().shape().extent(1)));
    }

    private static long lseBytes(AttentionInputs inputs) {
        return inputs.q().shape().extent(1) * inputs.mask().count() * FLOAT;
    }

    private boolean keepsRest(AttentionInputs inputs) {
        return !streaming && inputs.dropout().isPresent();
    }

    @Override
    public long keptBytes(AttentionInputs inputs) {
        return lseBytes(inputs) + (keepsRest(inputs) ? inputs.q().bytes() : 0);
    }

    private AttentionProblem problem(Frame frame, Call call, AttentionInputs inputs, Result result) {
        AttentionProblem problem = new AttentionProblem(
                        inputs, call.table(), tables.upload(frame, call.table(), inputs.dropout()))
                .result(result.y().memory(), result.kept());
        return keepsRest(inputs)
                ? problem.rest(MemorySegment.ofAddress(result.kept().address() + lseBytes(inputs)))
                : problem;
    }

    @Override
    public void forward(AttentionInputs inputs, Result result) {
        Call call = call(inputs);
        try (Frame frame = job.frame()) {
            launch(call.tiling().forward(), call, call.table().tiles(), problem(frame, call, inputs, result));
        }
    }

    @Override
    public void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients) {
        Call call = call(inputs);
        AttentionTiling tiling = call.tiling();
        try (Frame frame = job.frame()) {
            AttentionProblem problem = problem(frame, call, inputs, result)
                    .gradient(dy, frame.take(lseBytes(inputs)))
                    .into(gradients.dq(), gradients.dk(), gradients.dv());
            launch(tiling.delta(), call, blocks(inputs.mask().count(), tiling.delta()), problem);
            if (deterministic || tiling.isStreaming() || gradients.queriesAreShared()) {
                launch(tiling.queries(), call, call.table().tiles(), problem);
                launchKeys(tiling.keys(), call, inputs, problem);
            } else {
                MemorySegment sums = frame.take(inputs.q().count() * FLOAT);
                job.enqueue(new Command.Clear(sums.address(), inputs.q().count() * FLOAT));
                launchKeys(tiling.atomic(), call, inputs, problem.sums(sums));
                AttentionTiling.Part collect = tiling.collect();
                job.launch(
                        kernel(collect, tiling),
                        Grid.of(blocks(inputs.q().count(), collect), collect.threads()),
                        new Arguments().bytes(problem.bytes()));
            }
        }
    }

    private void launch(AttentionTiling.Part part, Call call, int blocks, AttentionProblem problem) {
        Grid grid = new Grid(blocks, call.heads(), 1, part.threads(), part.sharedBytes());
        job.launch(kernel(part, call.tiling()), grid, new Arguments().bytes(problem.bytes()));
    }

    private void launchKeys(AttentionTiling.Part part, Call call, AttentionInputs inputs, AttentionProblem problem) {
        Grid grid = new Grid(
                blocks(inputs.mask().keys(), part),
                call.keyHeads(),
                inputs.mask().batch(),
                part.threads(),
                part.sharedBytes());
        job.launch(kernel(part, call.tiling()), grid, new Arguments().bytes(problem.bytes()));
    }

    private Kernel kernel(AttentionTiling.Part part, AttentionTiling tiling) {
        TreeMap<String, String> defines = new TreeMap<>(tiling.defines());
        defines.putAll(Family.of(part.family(), job.dtype()).defines());
        return job.kernel(new Family(part.family(), defines), part.name());
    }

    private static int blocks(long items, AttentionTiling.Part part) {
        return Math.toIntExact((items + part.side() - 1) / part.side());
    }
}
