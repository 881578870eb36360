package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// An engine, a stream, plain attributes and memory for one test; closing it checks that nothing native is left.
final class DnnlFixture implements AutoCloseable {
    final NativeObjects objects = new NativeObjects();
    final DnnlEngine engine = DnnlEngine.create(objects);
    final DnnlOperations plain;
    private final Arena arena = Arena.ofConfined();
    private final DnnlStream stream = DnnlStream.create(engine);
    private final List<NativeHandle> owned = new ArrayList<>();

    DnnlFixture() {
        plain = new DnnlOperations(engine, own(DnnlAttributes.create(engine)));
    }

    <T extends NativeHandle> T own(T handle) {
        owned.add(handle);
        return handle;
    }

    DnnlMemoryDesc dense(long... dims) {
        return own(DnnlMemoryDesc.dense(engine, DnnlType.F32, dims));
    }

    DnnlMemoryDesc strided(long[] dims, long... strides) {
        return own(DnnlMemoryDesc.withStrides(engine, DnnlType.F32, dims, strides));
    }

    /// A layout for weights `[K, N]` chosen for inputs of `rows` rows.
    DnnlMemoryDesc packed(long rows, long k, long n) {
        DnnlMemoryDesc any = own(DnnlMemoryDesc.any(engine, DnnlType.F32, k, n));
        return own(own(plain.matmul(dense(rows, k), any, dense(rows, n))).weights());
    }

    void run(DnnlPrimitiveDesc plan, List<DnnlArgument> operands, MemorySegment... data) {
        DnnlMemoryDesc scratch = own(own(plan).scratchpad());
        List<DnnlArgument> all = new ArrayList<>(operands);
        all.add(DnnlArgument.scratchpad(scratch));
        DnnlPrimitive primitive = own(DnnlPrimitive.create(plan, all));
        for (int i = 0; i < data.length; i++) {
            primitive.bind(i, data[i]);
        }
        primitive.bind(data.length, arena.allocate(Math.max(1, scratch.bytes()), 64));
        primitive.execute(stream);
        stream.synchronize();
    }

    MemorySegment reordered(MemorySegment from, DnnlMemoryDesc layout, DnnlMemoryDesc wanted) {
        MemorySegment to = arena.allocate(wanted.bytes(), 64);
        run(plain.reorder(layout, wanted), List.of(DnnlArgument.src(layout), DnnlArgument.dst(wanted)), from, to);
        return to;
    }

    MemorySegment zeros(long count) {
        return arena.allocate(count * Float.BYTES, 64);
    }

    MemorySegment normal(long count, long seed) {
        Random random = new Random(seed);
        MemorySegment data = zeros(count);
        for (long i = 0; i < count; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return data;
    }

    static float[] floats(MemorySegment data) {
        return data.toArray(ValueLayout.JAVA_FLOAT);
    }

    static float at(MemorySegment data, long index) {
        return data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    @Override
    public void close() {
        owned.reversed().forEach(NativeHandle::close);
        stream.close();
        engine.close();
        arena.close();
        if (objects.total() != 0) {
            throw new AssertionError("native objects left open: " + objects.byKind());
        }
    }
}
