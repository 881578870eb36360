package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The block in which a stream hands a kernel's parameters over: the values, and a pointer to each. The driver reads it
/// during the call, so one serves all launches.
final class LaunchParameters {
    /// The most that the driver takes.
    private static final int VALUE_BYTES = 4096;
    private static final int MOST = 256;
    private static final int VALUE_ALIGNMENT = 16;

    private final MemorySegment values;
    private final MemorySegment pointers;

    LaunchParameters() {
        Arena arena = Arena.ofAuto();
        this.values = arena.allocate(VALUE_BYTES, VALUE_ALIGNMENT);
        this.pointers = arena.allocate(ValueLayout.ADDRESS, MOST);
    }

    /// The pointers to the parameters in `bytes`, which start at `offsets`.
    MemorySegment of(byte[] bytes, int[] offsets) {
        if (bytes.length > VALUE_BYTES || offsets.length > MOST) {
            throw new IllegalArgumentException("kernel parameters: at most " + MOST + " of " + VALUE_BYTES
                    + " bytes together, but got " + offsets.length + " of " + bytes.length);
        }
        MemorySegment.copy(bytes, 0, values, ValueLayout.JAVA_BYTE, 0, bytes.length);
        for (int i = 0; i < offsets.length; i++) {
            pointers.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(offsets[i], 0));
        }
        return pointers;
    }
}
