package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// One way to compute attention on the device.
interface AttentionEngine {
    /// Bytes that the way back wants to find again besides the result.
    long keptBytes(AttentionInputs inputs);

    /// Computes the result.
    ///
    /// @param inputs queries, keys, values, mask and dropout
    /// @param result receives the result and what is kept
    void forward(AttentionInputs inputs, Result result);

    /// A result of [#forward].
    ///
    /// @param y `[R, H, d]`
    /// @param kept [#keptBytes] bytes
    record Result(Tensor y, MemorySegment kept) {}

    /// Computes the gradients, of queries first and of values last: they may go to one tensor.
    ///
    /// @param inputs what [#forward] read
    /// @param result what it made of them
    /// @param dy the gradient of the result
    /// @param gradients where gradients go
    void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients);

    /// Where gradients go.
    ///
    /// @param dq of the shape of queries
    /// @param dk of the shape of keys
    /// @param dv of the shape of values
    record Gradients(Into dq, Into dk, Into dv) {
        /// Whether one tensor takes the gradients of queries and others.
        boolean queriesAreShared() {
            long address = dq.tensor().memory().address();
            return address == dk.tensor().memory().address()
                    || address == dv.tensor().memory().address();
        }
    }
}
