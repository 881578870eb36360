package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Root mean square normalisation; gains are multiplied in F32 whatever the storage type.
final class Normalization {
    private static final String FAMILY = "rms_norm";

    private final CudaJob job;
    private final Pointwise pointwise;
    private final Sums sums;

    Normalization(CudaJob job, Pointwise pointwise, Sums sums) {
        this.job = job;
        this.pointwise = pointwise;
        this.sums = sums;
    }

    Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        Tensor y = job.make(x.shape(), job.dtype());
        Arguments arguments = new Arguments()
                .pointer(y)
                .pointer(x)
                .pointer(wide(gain))
                .i32(width(x))
                .f32((float) epsilon);
        job.launch(kernel(x, "rms_norm_forward"), rows(x), arguments);
        return y;
    }

    void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        Arguments arguments = new Arguments()
                .pointer(dx.tensor())
                .pointer(dy)
                .pointer(x)
                .pointer(wide(gain))
                .i32(width(x))
                .f32((float) epsilon)
                .i32(dx.add() ? 1 : 0);
        job.launch(kernel(x, "rms_norm_backward"), rows(x), arguments);
    }

    /// First the factor of each row, then the sums of groups of rows, then the groups.
    void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        try (Frame frame = job.frame()) {
            MemorySegment inverse = frame.take(x.shape().extent(0) * Float.BYTES);
            job.launch(
                    kernel(x, "rms_norm_inverse"),
                    rows(x),
                    new Arguments().pointer(inverse).pointer(x).i32(width(x)).f32((float) epsilon));
            sums.overRows(dgain, x.shape().extent(0), (partial, grid, groupRows) -> {
                Arguments arguments = new Arguments()
                        .pointer(partial)
                        .pointer(dy)
                        .pointer(x)
                        .pointer(inverse)
                        .i32((int) x.shape().extent(0))
                        .i32(width(x))
                        .i32(groupRows);
                job.launch(kernel(x, "rms_norm_gain_partials"), grid, arguments);
            });
        }
    }

    /// The values in F32.
    private MemorySegment wide(Weight weight) {
        return CudaWeight.of(job, weight).plain(DType.F32, pointwise::copy);
    }

    private Kernel kernel(Tensor x, String name) {
        return job.kernel(Family.of(FAMILY, x.dtype()), name);
    }

    private static int width(Tensor x) {
        return Math.toIntExact(x.shape().last());
    }

    private static Grid rows(Tensor x) {
        return Spread.rows(x.shape().extent(0), x.shape().last());
    }
}
