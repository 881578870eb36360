package org.panamask.checkpoint;

import java.lang.foreign.MemorySegment;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

/// One stored tensor: where it comes from, what it is, and its bytes.
///
/// Bytes of a mapped tensor stay valid until the file or folder that gave it is closed; reading them afterwards throws
/// [IllegalStateException]. They are little-endian, in row-major order, and start at any address: read them with
/// unaligned layouts.
///
/// @param file what messages call its file
/// @param name its name
/// @param dtype what an element is
/// @param shape its extents
/// @param data its bytes, exactly as many as `shape` and `dtype` ask for
public record WeightSource(String file, String name, DType dtype, Shape shape, MemorySegment data) {
    private static final String MEMORY = "memory";

    /// Checks the number of bytes.
    ///
    /// @throws CheckpointException if `data` has another size than `shape` and `dtype` ask for
    public WeightSource {
        if (data.byteSize() != Math.multiplyExact(shape.count(), (long) dtype.bytes())) {
            throw new CheckpointException(file + ": tensor " + Printable.of(name) + " " + dtype + " " + shape
                    + " takes " + Math.multiplyExact(shape.count(), (long) dtype.bytes()) + " bytes, but got "
                    + data.byteSize() + "; correct its shape or type");
        }
    }

    /// A tensor over bytes that are in memory already.
    public static WeightSource of(String name, DType dtype, Shape shape, MemorySegment data) {
        return new WeightSource(MEMORY, name, dtype, shape, data);
    }

    /// A 32-bit float tensor over `values`, which are not copied on little-endian machines.
    public static WeightSource of(String name, Shape shape, float[] values) {
        return of(name, DType.F32, shape, values);
    }

    /// A float tensor that stores `values` as `dtype`: F64, F32, F16 or BF16, rounded to nearest even.
    public static WeightSource of(String name, DType dtype, Shape shape, float[] values) {
        return new WeightSource(MEMORY, name, dtype, shape, Elements.stored(dtype, values));
    }

    /// The elements as 32-bit floats, from F64, F32, F16 or BF16.
    ///
    /// @throws CheckpointException if the tensor has another type or does not fit an array
    public float[] floats() {
        return Elements.floats(this);
    }

    /// The elements as 64-bit floats, from F64, F32, F16 or BF16.
    ///
    /// @throws CheckpointException if the tensor has another type or does not fit an array
    public double[] doubles() {
        return Elements.doubles(this);
    }

    /// The elements as 32-bit integers, from I64 (every value must fit), I32, I16, I8, U8 or BOOL.
    ///
    /// @throws CheckpointException if the tensor has another type, does not fit an array, or holds a wider value
    public int[] ints() {
        return Elements.ints(this);
    }

    /// This tensor, if it has the shape the model needs.
    ///
    /// @throws CheckpointException if it has another shape
    public WeightSource require(Shape needed) {
        if (!shape.equals(needed)) {
            throw new CheckpointException(
                    file + ": tensor " + Printable.of(name) + " is " + shape + ", the model needs " + needed);
        }
        return this;
    }

    /// This matrix turned over: element `(i, j)` is that at `(j, i)`. Its bytes are a copy.
    ///
    /// @throws CheckpointException if the tensor is no matrix
    public WeightSource transposed() {
        if (shape.rank() != 2) {
            throw new CheckpointException(file + ": tensor " + Printable.of(name) + " must be a matrix, but is " + shape
                    + "; check that config.json belongs to the weights");
        }
        Shape turned = Shape.of(shape.extent(1), shape.extent(0));
        return new WeightSource(file, name, dtype, turned, Elements.transposed(this));
    }

    /// This matrix with rows behind its own, which are kept as they are: `rows` holds whole rows.
    ///
    /// @throws CheckpointException if the tensor is not of floats
    public WeightSource withRows(float[] rows) {
        long more = rows.length / shape.extent(1);
        Shape grown = Shape.of(shape.extent(0) + more, shape.extent(1));
        return new WeightSource(file, name, dtype, grown, Elements.appended(this, rows));
    }

    /// The mean of each column of this matrix.
    ///
    /// @throws CheckpointException if the tensor is not of floats
    public double[] columnMeans() {
        return Elements.columnMeans(this);
    }

    /// The rows `from` to before `to` of the first extent.
    public WeightSource rows(long from, long to) {
        long[] extents = shape.toArray();
        long row = data.byteSize() / Math.max(1, extents[0]);
        extents[0] = to - from;
        return new WeightSource(file, name, dtype, Shape.of(extents), data.asSlice(from * row, (to - from) * row));
    }

    /// The same tensor under another name.
    public WeightSource named(String other) {
        return new WeightSource(file, other, dtype, shape, data);
    }
}
