package org.panamask.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.nn.InitialValues;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Cost of multiplying rows with a packed f32 weight, by number of rows and size of the weight.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
public class MatmulBench {
    private static final int PRODUCTS = 4;

    /// Rows of the input.
    @Param({"1", "32", "256", "2048"})
    public int rows;

    /// Width of the input and of the result.
    @Param({"768x768", "768x2048", "768x32000"})
    public String weight;

    private Backend backend;
    private Tensor x;
    private Weight packed;

    /// Makes the backend, the input and the weight.
    @Setup
    public void fill() {
        String[] widths = weight.toLowerCase(Locale.ROOT).split("x");
        long in = Long.parseLong(widths[0]);
        long out = Long.parseLong(widths[1]);
        backend = Backends.open(BackendSettings.defaults());
        Owner owner = backend.owner("bench");
        InitialValues values = new InitialValues(7);
        x = backend.run(
                "input",
                Precision.F32,
                ops -> ops.weight(owner, values.uniform("x", Shape.of(rows, in), 1), true)
                        .value());
        packed = backend.run(
                "weight",
                Precision.F32,
                ops -> ops.weight(owner, values.uniform("weight", Shape.of(out, in), 0.02), false));
    }

    /// Several products a job, so that handing the job over does not count for much.
    @Benchmark
    @OperationsPerInvocation(PRODUCTS)
    public long multiply() {
        return backend.run("matmul", Precision.F32, ops -> {
            long elements = 0;
            for (int product = 0; product < PRODUCTS; product++) {
                elements += ops.scoped(() -> ops.linear(x, packed).count());
            }
            return elements;
        });
    }

    /// Gives everything back.
    @TearDown
    public void close() {
        backend.close();
    }
}
