package org.panamask.backend.cuda;

import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CudaStream;

/// A product with its addresses and factors.
///
/// @param plans know how it is computed
/// @param key what is multiplied
/// @param operands addresses and factors
/// @param pointers what is read from the device besides
record ProductCall(ProductPlans plans, ProductKey key, CublasLtProduct.Operands operands, Pointers pointers)
        implements Command {
    /// Addresses of the device; 0 for none.
    ///
    /// @param bias of the result's type
    /// @param leftScale one float
    /// @param rightScale one float
    record Pointers(long bias, long leftScale, long rightScale) {
        static final Pointers NONE = new Pointers(0, 0, 0);

        static Pointers bias(long address) {
            return new Pointers(address, 0, 0);
        }

        static Pointers scales(long left, long right) {
            return new Pointers(0, left, right);
        }
    }

    @Override
    public void issue(CudaStream stream) {
        plans.issue(this, stream);
    }
}
