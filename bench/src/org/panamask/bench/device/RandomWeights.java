package org.panamask.bench.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.panamask.nn.InitialValues;
import org.panamask.nn.TensorSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;

/// Weights of any size in little time: matrices repeat a stretch of normal numbers, each from another place; vectors
/// are ones. What is multiplied does not change how long it takes, as long as it is no row of zeros.
final class RandomWeights implements TensorSource {
    private static final int STRETCH = 1 << 20;

    private final MemorySegment stretch = Arena.ofAuto().allocate(2L * STRETCH, 16);

    /// Normal numbers of `deviation`.
    RandomWeights(double deviation) {
        Random random = new Random(7);
        for (int n = 0; n < STRETCH; n++) {
            float value = (float) (deviation * random.nextGaussian());
            stretch.setAtIndex(ValueLayout.JAVA_SHORT, n, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }

    @Override
    public HostTensor tensor(String name, Shape shape) {
        if (shape.rank() == 1) {
            return InitialValues.constant(name, shape, 1);
        }
        long bytes = shape.count() * DType.BF16.bytes();
        MemorySegment memory = Arena.ofAuto().allocate(bytes, 16);
        long from = 2L * Math.floorMod(name.hashCode(), STRETCH / 2);
        for (long at = 0; at < bytes; ) {
            long length = Math.min(bytes - at, stretch.byteSize() - from);
            MemorySegment.copy(stretch, from, memory, at, length);
            at += length;
            from = 0;
        }
        return new HostTensor(name, DType.BF16, shape, memory);
    }
}
