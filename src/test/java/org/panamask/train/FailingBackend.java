package org.panamask.train;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.tensor.BackwardOps;

/// A backend whose operations are written down, and of which one fails, as where memory runs out.
final class FailingBackend {
    private final Backend real;
    private final List<String> operations = new ArrayList<>();
    private int failing = -1;

    FailingBackend(Backend real) {
        this.real = real;
    }

    /// What an operation throws that fails.
    static final class Failure extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Failure(String operation) {
            super(operation + " failed");
        }
    }

    /// Forgets what was written down.
    void begin() {
        operations.clear();
        failing = -1;
    }

    /// Lets operation `number` from now, 0 for the next, fail, and none after it.
    void fail(int number) {
        begin();
        failing = number;
    }

    /// The names of the operations since [#begin].
    List<String> operations() {
        return List.copyOf(operations);
    }

    Backend backend() {
        return proxy(Backend.class, (proxy, method, arguments) -> switch (method.getName()) {
            case "run" -> InvocationHandler.invokeDefault(proxy, method, arguments);
            case "submit" -> {
                @SuppressWarnings("unchecked")
                Function<BackwardOps, Object> work = (Function<BackwardOps, Object>) arguments[2];
                yield real.submit((String) arguments[0], (Precision) arguments[1], ops -> work.apply(ops(ops)));
            }
            default -> call(real, method, arguments);
        });
    }

    private BackwardOps ops(BackwardOps wrapped) {
        return proxy(BackwardOps.class, (_, method, arguments) -> {
            String name = method.getName();
            if (arguments != null && !name.equals("scoped")) {
                operations.add(name);
                if (operations.size() - 1 == failing) {
                    throw new Failure(name);
                }
            }
            return call(wrapped, method, arguments);
        });
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object call(Object real, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
