package org.panamask.backend.cuda;

import org.panamask.tensor.Into;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// Rotary embedding, forward and back.
final class Rotary {
    private final CudaJob job;

    Rotary(CudaJob job) {
        this.job = job;
    }

    Tensor rotate(Tensor x, Ops.Rotation rotation) {
        Tensor y = job.make(x.shape(), x.dtype());
        turn(x, rotation, 1, new Into(y, false));
        return y;
    }

    /// The same by the negative angle.
    void rotateBackward(Tensor dy, Ops.Rotation rotation, Into dx) {
        turn(dy, rotation, -1, dx);
    }

    private void turn(Tensor x, Ops.Rotation rotation, float sign, Into into) {
        job.requireIndices(
                "rotate: positions",
                rotation.positions(),
                rotation.cos().shape().extent(0));
        long heads = x.shape().extent(1);
        Arguments arguments = new Arguments()
                .pointer(into.tensor())
                .pointer(x)
                .pointer(rotation.cos())
                .pointer(rotation.sin())
                .pointer(rotation.positions())
                .i32(Math.toIntExact(heads))
                .i32(Math.toIntExact(x.shape().last() / 2))
                .f32(sign)
                .i32(into.add() ? 1 : 0);
        Grid grid = Spread.rows(x.shape().extent(0), heads * x.shape().last() / 2);
        job.launch(job.kernel(Family.of("rotary", x.dtype()), "rotate"), grid, arguments);
    }
}
