package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.memory.MemoryOwner;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A weight with the forms that products want. Every weight keeps its values; where a job computes in another type, its
/// owner keeps a copy of that type, made anew when the values have changed. Products take either way round, so there is
/// no form for a direction.
final class CudaWeight extends Weight {
    private static final long NEVER = -1;

    private final CudaDevice device;
    private final MemoryOwner owner;
    private final Tensor value;
    private final Map<DType, Form> forms = new EnumMap<>(DType.class);
    private @Nullable Rounded eightBits;

    CudaWeight(String name, CudaDevice device, MemoryOwner owner, Tensor value, boolean trainable) {
        super(name, value.shape(), trainable);
        this.device = device;
        this.owner = owner;
        this.value = value;
    }

    /// A copy in another type.
    ///
    /// @param memory the copy
    /// @param version of the values that it was made from
    /// @param losses how often the queue had lost commands: one that was lost since may be the one that made it
    private record Form(Tensor memory, long version, long losses) {}

    private record Rounded(EightBitProducts.Form form, long losses) {}

    /// Copies elements between float types on the device.
    @FunctionalInterface
    interface Conversion {
        /// Copies `from` into `to`, rounding where the type is narrower.
        void copy(Tensor from, Tensor to);
    }

    /// The weight that another package handed over.
    ///
    /// @throws BackendException if it belongs to another backend, or its owner is closed
    static CudaWeight of(CudaJob job, Weight weight) {
        if (weight instanceof CudaWeight own && own.device.equals(job.device())) {
            if (own.value.scope().isOpen()) {
                return own;
            }
            throw new BackendException("backend cuda: weight " + own.name() + " ended with its owner '"
                    + own.value.scope().name() + "'; close the owner when no job needs the weight any more");
        }
        throw new BackendException("backend cuda: weight " + weight.name()
                + " was made by another backend; make it with the operations of this one");
    }

    @Override
    public Tensor value() {
        return value;
    }

    /// The values in `dtype`, row-major, made with `conversion` where they are of another type.
    MemorySegment plain(DType dtype, Conversion conversion) {
        if (dtype == value.dtype()) {
            return value.memory();
        }
        Form form = forms.get(dtype);
        long losses = device.queue().losses();
        if (form == null || form.version() != version() || form.losses() != losses) {
            Tensor memory = form == null ? owner.make(shape(), dtype) : form.memory();
            // Known from now on, so that it is not taken again if the copy cannot be made.
            forms.put(dtype, new Form(memory, version(), NEVER));
            conversion.copy(value, memory);
            form = new Form(memory, version(), losses);
            forms.put(dtype, form);
        }
        return form.memory().memory();
    }

    /// A frozen matrix in 8 bits, rounded when it is first asked for from its values in the job's type, which
    /// `conversion` makes.
    EightBitProducts.Form eightBits(CudaJob job, Conversion conversion) {
        Rounded known = eightBits;
        long losses = device.queue().losses();
        if (known == null || known.losses() != losses) {
            EightBitProducts.Form form = known == null ? roomForEightBits() : known.form();
            eightBits = new Rounded(form, NEVER);
            Tensor rounded = Tensor.of(shape(), job.dtype(), plain(job.dtype(), conversion), value.scope());
            new EightBits(job).roundBothWays(rounded, form.codes(), form.turned(), form.inverse());
            known = new Rounded(form, losses);
            eightBits = known;
        }
        return known.form();
    }

    private EightBitProducts.Form roomForEightBits() {
        Shape turned = Shape.of(shape().last(), shape().extent(0));
        return new EightBitProducts.Form(
                owner.make(shape(), DType.F8_E4M3),
                owner.make(turned, DType.F8_E4M3),
                owner.make(Shape.of(1), DType.F32));
    }
}
