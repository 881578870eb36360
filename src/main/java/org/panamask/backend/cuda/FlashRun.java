package org.panamask.backend.cuda;

import java.util.Optional;
import org.panamask.ffi.cuda.CudaStream;
import org.panamask.ffi.cuda.FlashAttention;

/// A call of a FlashAttention library.
///
/// @param problem what is computed
/// @param at what the forward pass reads and writes
/// @param back gradients and scratch memory, where it is the way back
record FlashRun(FlashAttention.Problem problem, FlashAttention.Forward at, Optional<FlashAttention.Backward> back)
        implements Command {
    @Override
    public void issue(CudaStream stream) {
        back.ifPresentOrElse(
                gradients -> FlashAttention.backward(problem, at, gradients, stream),
                () -> FlashAttention.forward(problem, at, stream));
    }
}
