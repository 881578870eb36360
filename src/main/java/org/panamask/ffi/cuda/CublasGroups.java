package org.panamask.ffi.cuda;

import java.util.List;

/// Products of several shapes that run together, such as those of the experts of a layer: `D = alpha op(A) op(B) + beta
/// D`, column by column. The addresses of all matrices lie on the device, three lists of them, group after group.
///
/// @param groups products of one shape each
/// @param type of the elements of every matrix
/// @param left address of the list of left operands
/// @param right address of the list of right operands
/// @param result address of the list of results
public record CublasGroups(List<Group> groups, CublasType type, long left, long right, long result) {
    /// Copies the list.
    public CublasGroups {
        groups = List.copyOf(groups);
    }

    /// Products of one shape.
    ///
    /// @param shape their extents
    /// @param count their number
    /// @param alpha scales the products
    /// @param beta scales what stands in the results before; with 0 it is not read
    public record Group(Shape shape, int count, float alpha, float beta) {}

    /// The extents of a product of matrices without gaps.
    ///
    /// @param m rows of D
    /// @param n columns of D
    /// @param k terms of each sum
    /// @param turnLeft whether A lies the other way round, `[k, m]`
    /// @param turnRight whether B lies the other way round, `[n, k]`
    public record Shape(int m, int n, int k, boolean turnLeft, boolean turnRight) {
        /// Elements from one column of A to the next.
        int leftStride() {
            return turnLeft ? k : m;
        }

        /// Elements from one column of B to the next.
        int rightStride() {
            return turnRight ? n : k;
        }
    }
}
