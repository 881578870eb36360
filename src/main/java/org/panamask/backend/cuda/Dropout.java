package org.panamask.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Keyed dropout of the elements of a matrix.
final class Dropout {
    private final CudaJob job;
    private final Map<Long, Tensor> seeds = new HashMap<>();

    Dropout(CudaJob job) {
        this.job = job;
    }

    Tensor dropout(Tensor x, DropoutKey key) {
        Tensor y = job.make(x.shape(), x.dtype());
        apply(x, key, new Into(y, false));
        return y;
    }

    /// `into = dropout(x)`, or added to it.
    void apply(Tensor x, DropoutKey key, Into into) {
        Arguments arguments = new Arguments()
                .pointer(into.tensor())
                .pointer(x)
                .pointer(key.rows())
                .pointer(seed(key.seed()))
                .i32(Math.toIntExact(x.shape().last()))
                .i32(key.site())
                .i32(key.threshold())
                .f32(key.scale())
                .i32(into.add() ? 1 : 0);
        Grid grid = Spread.rows(x.shape().extent(0), x.shape().last());
        job.launch(job.kernel(Family.of("dropout", x.dtype()), "dropout"), grid, arguments);
    }

    /// The seed in device memory; all dropouts of a step share one, so it is sent once while its scope is open.
    private Tensor seed(long seed) {
        Tensor sent = seeds.get(seed);
        if (sent == null || !sent.scope().isOpen()) {
            sent = job.upload(Shape.of(2), new int[] {(int) seed, (int) (seed >>> 32)});
            seeds.put(seed, sent);
        }
        return sent;
    }
}
