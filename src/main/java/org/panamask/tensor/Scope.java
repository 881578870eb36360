package org.panamask.tensor;

/// How long a tensor may be used. Tensors made inside a scope are refused once it is closed, because their memory has
/// been given to somebody else by then.
public final class Scope {
    private final String name;
    private volatile boolean open = true;

    /// An open scope; `name` says in messages what it was.
    public Scope(String name) {
        this.name = name;
    }

    /// What this scope is, for messages.
    public String name() {
        return name;
    }

    /// Whether tensors of this scope may still be used.
    public boolean isOpen() {
        return open;
    }

    /// Ends the scope: every tensor of it is refused from now on. Closing twice does nothing.
    public void close() {
        open = false;
    }
}
