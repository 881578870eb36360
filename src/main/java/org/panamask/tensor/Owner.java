package org.panamask.tensor;

/// Keeps tensors beyond the job that made them: weights, adapters, optimizer state, gradient sums. Every byte it holds
/// stands in the backend's ledger under its name until it is closed.
public interface Owner extends AutoCloseable {
    /// The name under which the ledger lists it.
    String name();

    /// The native bytes it holds now.
    long bytes();

    /// Gives everything back; its tensors are refused from now on. Closing twice does nothing.
    @Override
    void close();
}
