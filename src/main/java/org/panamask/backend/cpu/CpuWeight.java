package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.panamask.backend.BackendException;
import org.panamask.backend.host.Float8;
import org.panamask.backend.memory.Frame;
import org.panamask.backend.memory.MemoryOwner;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A weight with the forms that products want. Every weight keeps its plain values. A frozen matrix is packed besides
/// when it is first used in a direction, so it takes two times its size for inference and three times for training. A
/// trained one is multiplied as it lies, because packing it after every step would cost more than it gives.
final class CpuWeight extends Weight {
    private final CpuDevice device;
    private final MemoryOwner owner;
    private final Tensor value;
    private final Map<Key, Form> forms = new HashMap<>();

    CpuWeight(String name, CpuDevice device, MemoryOwner owner, Tensor value, boolean trainable) {
        super(name, value.shape(), trainable);
        this.device = device;
        this.owner = owner;
        this.value = value;
    }

    /// Which way a product goes.
    enum Direction {
        /// `x w^T`.
        FORWARD,
        /// `dy w`.
        BACKWARD
    }

    private record Key(DType dtype, boolean packed, Direction direction, boolean eightBits) {}

    private record Form(Tensor memory, long version) {}

    /// The right operand of a product.
    ///
    /// @param layout `[K, N]`
    /// @param packed whether it lies as [Packings] says
    /// @param memory the elements
    record Operand(Layout layout, boolean packed, MemorySegment memory) {}

    /// The weight that another package handed over.
    ///
    /// @throws BackendException if it belongs to another backend, or its owner is closed
    static CpuWeight of(CpuJob job, Weight weight) {
        if (weight instanceof CpuWeight own && own.device.equals(job.device())) {
            if (own.value.scope().isOpen()) {
                return own;
            }
            throw new BackendException("backend cpu: weight " + own.name() + " ended with its owner '"
                    + own.value.scope().name() + "'; close the owner when no job needs the weight any more");
        }
        throw new BackendException("backend cpu: weight " + weight.name()
                + " was made by another backend; make it with the operations of this one");
    }

    @Override
    public Tensor value() {
        return value;
    }

    /// The values in `dtype`, row-major.
    MemorySegment plain(CpuJob job, DType dtype) {
        if (dtype == value.dtype()) {
            return value.memory();
        }
        Key key = new Key(dtype, false, Direction.FORWARD, false);
        Form form = forms.get(key);
        if (form == null || form.version() != version()) {
            Tensor memory = form == null ? owner.make(shape(), dtype) : form.memory();
            job.convert(value.memory(), value.dtype(), memory.memory(), dtype, value.count());
            form = new Form(memory, version());
            forms.put(key, form);
        }
        return form.memory().memory();
    }

    /// The right operand for products of the job's type in `direction`; of a matrix `[out, in]` only.
    Operand operand(CpuJob job, Direction direction) {
        long out = shape().extent(0);
        long in = shape().last();
        DnnlType type = job.type();
        Layout asItLies =
                direction == Direction.FORWARD ? Layout.transposed(type, in, out) : Layout.matrix(type, out, in);
        if (trainable()) {
            return new Operand(asItLies, false, plain(job, job.dtype()));
        }
        Layout layout = Layout.matrix(type, asItLies.rows(), asItLies.columns());
        Form form = forms.computeIfAbsent(
                new Key(job.dtype(), true, direction, false),
                _ -> pack(job, direction, layout, value.memory(), value.dtype()));
        return new Operand(layout, true, form.memory().memory());
    }

    /// The right operand of products in 8 bits: the values rounded to [Float8#E4M3], once, and packed as BF16.
    Operand operandInEightBits(CpuJob job, Direction direction) {
        long out = shape().extent(0);
        long in = shape().last();
        Layout layout = direction == Direction.FORWARD
                ? Layout.matrix(job.type(), in, out)
                : Layout.matrix(job.type(), out, in);
        Form form = forms.computeIfAbsent(
                new Key(job.dtype(), true, direction, true), _ -> packInEightBits(job, direction, layout));
        return new Operand(layout, true, form.memory().memory());
    }

    private Form packInEightBits(CpuJob job, Direction direction, Layout layout) {
        MemorySegment values = plain(job, job.dtype());
        try (Frame frame = job.frame()) {
            MemorySegment rounded = frame.take(value.count() * job.dtype().bytes());
            new EightBits(job, Float8.E4M3).round(values, rounded, value.count());
            return pack(job, direction, layout, rounded, job.dtype());
        }
    }

    private Form pack(CpuJob job, Direction direction, Layout layout, MemorySegment values, DType dtype) {
        DnnlType type = CpuJob.type(dtype);
        Layout from = direction == Direction.FORWARD
                ? Layout.transposed(type, layout.rows(), layout.columns())
                : Layout.matrix(type, layout.rows(), layout.columns());
        long bytes = job.device().packings().of(layout).bytes();
        Tensor memory = owner.make(Shape.of(bytes), DType.U8);
        try (Prepared packing = job.device().primitives().compile(new Plan.Reorder(from, layout, true));
                Frame frame = job.frame()) {
            packing.run(job.device().stream(), frame, values, memory.memory());
        }
        return new Form(memory, version());
    }
}
