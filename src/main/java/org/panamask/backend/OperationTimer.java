package org.panamask.backend;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Times every operation of one job. A proxy, so that an operation added to the vocabulary is timed without another
/// line here.
final class OperationTimer implements InvocationHandler {
    /// What runs other operations; its own time is the time between them.
    private static final Set<String> FRAMES = Set.of("scoped", "chain");
    /// What multiplies the rows of its first tensor with the matrix that it is given.
    private static final Set<String> PRODUCTS = Set.of("linear", "addLinear", "linearBackward", "logits");

    private final BackwardOps real;
    private final Profile profile;
    private final String job;
    private final Runnable finish;
    private long operationNanos;

    private OperationTimer(BackwardOps real, Place place) {
        this.real = real;
        this.profile = place.profile();
        this.job = place.job();
        this.finish = place.finish();
    }

    /// Where times are entered.
    ///
    /// @param profile the table
    /// @param job what runs
    /// @param finish waits for what an operation has started
    record Place(Profile profile, String job, Runnable finish) {}

    /// Runs `work` on `ops` and enters what it took at `place`.
    static <T> T time(BackwardOps ops, Place place, Function<BackwardOps, T> work) {
        OperationTimer timer = new OperationTimer(ops, place);
        BackwardOps timed = (BackwardOps)
                Proxy.newProxyInstance(BackwardOps.class.getClassLoader(), new Class<?>[] {BackwardOps.class}, timer);
        long start = System.nanoTime();
        try {
            return work.apply(timed);
        } finally {
            long whole = System.nanoTime() - start;
            place.profile().job(place.job(), whole, whole - timer.operationNanos);
        }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        if (arguments == null || method.getDeclaringClass() == Object.class || FRAMES.contains(method.getName())) {
            return call(method, arguments);
        }
        long start = System.nanoTime();
        try {
            Object result = call(method, arguments);
            finish.run();
            return result;
        } finally {
            long took = System.nanoTime() - start;
            operationNanos += took;
            enter(method.getName(), arguments, took);
        }
    }

    private @Nullable Object call(Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private void enter(String operation, Object[] arguments, long took) {
        String name = operation;
        long flops = 0;
        for (Object argument : arguments) {
            if (argument instanceof Weight weight && weight.shape().rank() == 2) {
                name = operation + " " + weight.shape();
                if (PRODUCTS.contains(operation)) {
                    flops = 2 * rows(operation, arguments) * weight.shape().count();
                }
                break;
            }
        }
        profile.operation(job, name, took, flops);
    }

    private static long rows(String operation, Object[] arguments) {
        Tensor rows = (Tensor) arguments[operation.equals("addLinear") ? 1 : 0];
        return rows.shape().extent(0);
    }
}
