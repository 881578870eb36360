package org.panamask.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Softmax attention. What the way back needs of a result is kept while the result's scope is open, and computed again
/// where that has ended.
final class Attention {
    private final CudaJob job;
    private final AttentionEngine engine;
    private final List<Kept> results = new ArrayList<>();

    Attention(CudaJob job) {
        this.job = job;
        this.engine = new PmkAttention(job, new AttentionTables(job), true);
    }

    /// A result and what was kept of it.
    private record Kept(AttentionInputs inputs, Tensor y, Tensor numbers) {
        boolean isOpen() {
            return y.scope().isOpen() && numbers.scope().isOpen();
        }

        boolean isOf(AttentionInputs other) {
            return same(inputs.q(), other.q())
                    && same(inputs.k(), other.k())
                    && same(inputs.v(), other.v())
                    && inputs.mask().equals(other.mask())
                    && inputs.dropout().equals(other.dropout());
        }

        private static boolean same(Tensor one, Tensor other) {
            return one.identity().equals(other.identity());
        }

        AttentionEngine.Result result() {
            return new AttentionEngine.Result(y, numbers.memory());
        }
    }

    Tensor attention(AttentionInputs inputs) {
        Kept made = compute(inputs);
        results.removeIf(each -> !each.isOpen());
        results.add(made);
        return made.y();
    }

    private Kept compute(AttentionInputs inputs) {
        Tensor y = job.make(inputs.q().shape(), job.dtype());
        Tensor numbers = job.make(Shape.of(engine.keptBytes(inputs)), DType.U8);
        engine.forward(inputs, new AttentionEngine.Result(y, numbers.memory()));
        return new Kept(inputs, y, numbers);
    }

    void backward(Tensor dy, AttentionInputs inputs, AttentionEngine.Gradients gradients) {
        try (Frame _ = job.frame()) {
            Kept kept = results.stream()
                    .filter(each -> each.isOpen() && each.isOf(inputs))
                    .findFirst()
                    .orElseGet(() -> compute(inputs));
            engine.backward(inputs, kept.result(), dy, gradients);
        }
    }
}
