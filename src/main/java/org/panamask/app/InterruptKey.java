package org.panamask.app;

import java.lang.reflect.Proxy;

/// Takes Ctrl-C over for a while. Java offers no way to that but `sun.misc.Signal`; where a JDK has none, Ctrl-C ends
/// the program as always.
final class InterruptKey implements AutoCloseable {
    private final Runnable restore;

    private InterruptKey(Runnable restore) {
        this.restore = restore;
    }

    /// Runs `action` on Ctrl-C until this is closed.
    static InterruptKey on(Runnable action) {
        try {
            Class<?> signals = Class.forName("sun.misc.Signal");
            Class<?> handlers = Class.forName("sun.misc.SignalHandler");
            Object interrupt = signals.getConstructor(String.class).newInstance("INT");
            Object handler =
                    Proxy.newProxyInstance(handlers.getClassLoader(), new Class<?>[] {handlers}, (_, method, _) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            Object before = signals.getMethod("handle", signals, handlers).invoke(null, interrupt, handler);
            return new InterruptKey(() -> restore(signals, handlers, interrupt, before));
        } catch (ReflectiveOperationException | IllegalArgumentException _) {
            return new InterruptKey(() -> {});
        }
    }

    private static void restore(Class<?> signals, Class<?> handlers, Object interrupt, Object before) {
        try {
            signals.getMethod("handle", signals, handlers).invoke(null, interrupt, before);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Ctrl-C: the way it worked before cannot be restored", e);
        }
    }

    @Override
    public void close() {
        restore.run();
    }
}
