package org.panamask.ffi.cuda;

/// The description of `D = alpha op(A) op(B) + beta C`; `C` lies as `D` does. Owns its parts.
///
/// @param descriptor what is done
/// @param a the left operand
/// @param b the right operand
/// @param d the result, and what is added
public record CublasLtProduct(CublasLtDescriptor descriptor, CublasLtLayout a, CublasLtLayout b, CublasLtLayout d)
        implements AutoCloseable {
    /// The numbers and addresses of one call.
    ///
    /// @param a the left operand's address
    /// @param b the right operand's address
    /// @param d the address of the result, and of what is added
    /// @param alpha scales the product
    /// @param beta scales what stands at `d` before; with 0 it is not read
    public record Operands(long a, long b, long d, float alpha, float beta) {}

    @Override
    public void close() {
        try (descriptor;
                a;
                b;
                d) {
            // All of them are closed even where one refuses.
        }
    }
}
