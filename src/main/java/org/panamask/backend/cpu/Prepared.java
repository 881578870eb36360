package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlPrimitive;
import org.panamask.ffi.DnnlStream;

/// A compiled primitive whose operands stand in fixed slots; the slot after the last operand is its scratch memory.
final class Prepared implements AutoCloseable {
    private final DnnlPrimitive primitive;
    private final long[] described;
    private final long[] spans;
    private final long scratchBytes;

    /// @param primitive compiled
    /// @param described the bytes that oneDNN counts for each operand
    /// @param spans the bytes that each operand really covers
    /// @param scratchBytes what it needs besides
    Prepared(DnnlPrimitive primitive, long[] described, long[] spans, long scratchBytes) {
        this.primitive = primitive;
        this.described = described;
        this.spans = spans;
        this.scratchBytes = scratchBytes;
    }

    /// Runs on `operands`, one a slot.
    void run(DnnlStream stream, Frame frame, MemorySegment... operands) {
        if (operands.length != spans.length) {
            throw new IllegalArgumentException(
                    "run: " + spans.length + " operands are needed, but got " + operands.length);
        }
        for (int slot = 0; slot < operands.length; slot++) {
            primitive.bind(slot, fitted(slot, operands[slot]));
        }
        primitive.bind(operands.length, frame.take(scratchBytes));
        primitive.execute(stream);
    }

    /// oneDNN counts the bytes of one head among several by its stride, past the end of the last one.
    private MemorySegment fitted(int slot, MemorySegment operand) {
        if (operand.byteSize() >= described[slot] || operand.byteSize() < spans[slot]) {
            return operand;
        }
        return operand.reinterpret(described[slot]);
    }

    @Override
    public void close() {
        primitive.close();
    }
}
