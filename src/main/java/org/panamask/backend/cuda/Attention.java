package org.panamask.backend.cuda;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.cuda.attention.AttentionCase;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;

/// Softmax attention, by what the device's [AttentionSelection] chose. What the way back needs of a result is kept
/// while the result's scope is open, and computed again where that has ended.
final class Attention {
    private static final int ALIGNMENT = 16;

    private final CudaJob job;
    private final AttentionTables tables;
    private final Map<AttentionKernels, AttentionEngine> engines = new EnumMap<>(AttentionKernels.class);
    private final List<Known> masks = new ArrayList<>();
    private final List<Kept> results = new ArrayList<>();

    Attention(CudaJob job) {
        this.job = job;
        this.tables = new AttentionTables(job);
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

    /// A mask and what is known of it.
    private record Known(KeyIntervals mask, MaskFacts facts) {}

    Tensor attention(AttentionInputs inputs) {
        Kept made = compute(engine(inputs), inputs);
        results.removeIf(each -> !each.isOpen());
        results.add(made);
        return made.y();
    }

    private Kept compute(AttentionEngine engine, AttentionInputs inputs) {
        Tensor y = job.make(inputs.q().shape(), job.dtype());
        Tensor numbers = job.make(Shape.of(engine.keptBytes(inputs)), DType.U8);
        engine.forward(inputs, new AttentionEngine.Result(y, numbers.memory()));
        return new Kept(inputs, y, numbers);
    }

    void backward(Tensor dy, AttentionInputs inputs, AttentionEngine.Gradients gradients) {
        requireAligned("dy", dy);
        requireAligned("dq", gradients.dq().tensor());
        requireAligned("dk", gradients.dk().tensor());
        requireAligned("dv", gradients.dv().tensor());
        AttentionEngine engine = engine(inputs);
        try (Frame _ = job.frame()) {
            Kept kept = results.stream()
                    .filter(each -> each.isOpen() && each.isOf(inputs))
                    .findFirst()
                    .orElseGet(() -> compute(engine, inputs));
            engine.backward(inputs, kept.result(), dy, gradients);
        }
    }

    /// Kernels copy rows of halves in pieces of 16 bytes, which must lie at multiples of 16.
    private void requireAligned(String name, Tensor tensor) {
        if (job.dtype() != DType.F32 && tensor.memory().address() % ALIGNMENT != 0) {
            throw new ShapeException("attention: " + name + " must start at a multiple of " + ALIGNMENT
                    + " bytes, but " + tensor + " starts at " + tensor.memory().address() % ALIGNMENT
                    + "; copy it to a tensor of its own");
        }
    }

    private MaskFacts facts(KeyIntervals mask) {
        for (Known known : masks) {
            if (known.mask().equals(mask)) {
                return known.facts();
            }
        }
        Known fresh = new Known(mask, MaskFacts.of(mask));
        masks.add(fresh);
        return fresh.facts();
    }

    private AttentionEngine engine(AttentionInputs inputs) {
        requireAligned("q", inputs.q());
        requireAligned("k", inputs.k());
        requireAligned("v", inputs.v());
        AttentionSelection selection = job.device().attention();
        AttentionCase problem = AttentionCase.of(inputs, facts(inputs.mask()));
        AttentionKernels kernels = selection.of(problem).kernels();
        AttentionEngine engine = engines.computeIfAbsent(kernels, this::open);
        if (selection.isUnchecked(problem, kernels)) {
            check(problem, kernels, engine);
            selection.checked(problem, kernels);
        }
        return engine;
    }

    private void check(AttentionCase problem, AttentionKernels kernels, AttentionEngine engine) {
        MaskFacts.Kind kind = AttentionSelection.checkedKind(problem, kernels);
        if (kernels == AttentionKernels.FLASHATTN) {
            FlashProbe.require(problem.dtype(), problem.width(), kind);
        }
        new AttentionCheck(job, PmkAttention.plain(job, tables))
                .require(kernels.name().toLowerCase(Locale.ROOT), engine, problem.width(), kind);
    }

    private AttentionEngine open(AttentionKernels kernels) {
        LibraryKernels around = new LibraryKernels(job, tables);
        boolean deterministic = job.device().attention().isDeterministic();
        return switch (kernels) {
            case PMK -> new PmkAttention(job, tables, deterministic);
            case CUDNN -> new CudnnAttention(job, around, job.device().cudnn(), deterministic);
            case FLASHATTN -> new FlashLibraryAttention(job, around);
            case MATH -> new MathAttention(job, around, job.device().scores());
            case AUTO -> throw new IllegalArgumentException("attention: auto is a choice, not an implementation");
        };
    }
}
