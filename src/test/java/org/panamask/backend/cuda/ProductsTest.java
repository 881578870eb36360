package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Precision;
import org.panamask.backend.ProductMode;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CublasException;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

class ProductsTest {
    private static final int IN = 12;
    private static final int OUT = 20;

    @BeforeEach
    void requireEmulator() {
        Emulator.require();
    }

    private static BackendSettings settings(ProductMode mode) {
        return BackendSettings.defaults().with("products", mode);
    }

    @Test
    void steadyProductsAreThoseOfWholeStepsOfRows() {
        List<double[]> fast = products(ProductMode.FAST);
        List<double[]> steady = products(ProductMode.STEADY);
        for (int i = 0; i < fast.size(); i++) {
            assertThat(steady.get(i)).as("product %d", i).containsExactly(fast.get(i), within(1e-5));
        }
    }

    private static List<double[]> products(ProductMode mode) {
        try (Backend backend = CudaBackend.open(settings(mode));
                Owner owner = backend.owner("products")) {
            return backend.run("products", Precision.F32, ops -> {
                Random random = new Random(3);
                Weight w = weight(ops, owner, random, OUT, IN);
                Weight bias = weight(ops, owner, random, OUT);
                List<double[]> results = new ArrayList<>();
                for (int rows : new int[] {0, 1, 63, 64, 65, 1100}) {
                    Tensor x = normal(ops, random, rows, IN);
                    Tensor y = ops.linear(x, w, bias);
                    results.add(ops.doubles(y));
                    results.add(ops.doubles(ops.addLinear(y, x, w, 0.5f)));
                    Tensor dx = normal(ops, random, rows, IN);
                    ops.linearBackward(normal(ops, random, rows, OUT), w, 2, new Into(dx, true));
                    results.add(ops.doubles(dx));
                }
                return results;
            });
        }
    }

    private static Weight weight(BackwardOps ops, Owner owner, Random random, long... extents) {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.count()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.weight(owner, HostTensor.of("w", shape, values), false);
    }

    private static Tensor normal(BackwardOps ops, Random random, long rows, long width) {
        double[] values =
                random.doubles(rows * width).map(uniform -> 2 * uniform - 1).toArray();
        return ops.upload(Shape.of(rows, width), values);
    }

    @Test
    void equalProductsShareAPlanAndNothingIsLeftOpen() {
        CudaBackend backend = CudaBackend.open(settings(ProductMode.FAST));
        try (Owner owner = backend.owner("products")) {
            int plans = backend.run("products", Precision.F32, ops -> {
                Weight w = weight(ops, owner, new Random(1), OUT, IN);
                ProductPlans known = ((CudaOps) ops).job.device().products();
                for (int i = 0; i < 3; i++) {
                    ops.linear(normal(ops, new Random(2), 5, IN), w);
                    ops.linear(normal(ops, new Random(2), 6, IN), w);
                }
                return known.size();
            });
            assertThat(plans).isEqualTo(2);
        }
        backend.close();
        assertThat(backend.objects().total()).isZero();
    }

    @Test
    void addressesThatAreMultiplesOf256ShareAPlan() {
        assertThat(ProductKey.alignment(512, 1024, 0)).isEqualTo(256);
        assertThat(ProductKey.alignment(512, 1024, 128)).isEqualTo(16);
        assertThat(ProductKey.alignment(512, 1024, 20)).isEqualTo(4);
        assertThat(ProductKey.alignment(512, 6)).isEqualTo(2);
    }

    @Test
    void halvesOfEveryKindMultiply() {
        for (Precision precision : new Precision[] {Precision.BF16, Precision.F16}) {
            try (Backend backend = CudaBackend.open(settings(ProductMode.STEADY));
                    Owner owner = backend.owner("products")) {
                double[] dw = backend.run("products", precision, ops -> {
                    Tensor x = ops.empty(Shape.of(3, 4), ops.dtype());
                    ops.clear(x);
                    Tensor sum = ops.upload(Shape.of(5, 4), new double[20]);
                    ops.linearWeightBackward(ops.linear(x, weight(ops, owner, new Random(1), 5, 4)), x, 1, sum);
                    assertThat(sum.dtype()).isEqualTo(DType.F32);
                    return ops.doubles(sum);
                });
                assertThat(dw).containsOnly(0);
            }
        }
    }

    @Test
    void halvesMultiplyWhereWideOperandsAreRounded() {
        BackendSettings rounded = settings(ProductMode.FAST).with("tf32", true);
        for (Precision precision : new Precision[] {Precision.F32, Precision.BF16, Precision.F16}) {
            try (Backend backend = CudaBackend.open(rounded);
                    Owner owner = backend.owner("products")) {
                double[] y = backend.run("products", precision, ops -> {
                    Tensor x = ops.empty(Shape.of(3, IN), ops.dtype());
                    ops.clear(x);
                    return ops.doubles(ops.linear(x, weight(ops, owner, new Random(1), OUT, IN)));
                });
                assertThat(y).containsOnly(0);
            }
        }
    }

    @Test
    void steadyAlgorithmsCountOnNoMoreAlignmentThanThereIs() {
        CudaBackend backend = CudaBackend.open(settings(ProductMode.STEADY));
        backend.run("plans", Precision.F32, ops -> {
            ProductPlans plans = ((CudaOps) ops).job.device().products();
            ProductKey key = new ProductKey(
                    new ProductKey.Types(CublasType.F32, CublasType.F32, CublasType.F32),
                    new ProductKey.Extents(8, 64, 8),
                    ProductKey.Turned.LEFT,
                    true,
                    256);
            plans.prepare(key);
            plans.prepare(key.aligned(16));
            assertThat(plans.pinned()).isEqualTo(1);
            plans.prepare(key.aligned(4));
            assertThat(plans.pinned()).isEqualTo(2);
            return key;
        });
        backend.close();
        assertThat(backend.objects().total()).isZero();
    }

    @Test
    void whicheverCallOfAPlanFailsNothingOfItIsLeftOpen() {
        for (long call = 1; call <= 20; call++) {
            CudaBackend backend = CudaBackend.open(settings(ProductMode.STEADY));
            Faults.reset();
            Faults.fail("cublaslt", call, 14);
            try (Owner owner = backend.owner("products")) {
                backend.run(
                        "products",
                        Precision.F32,
                        ops -> ops.doubles(ops.linear(
                                normal(ops, new Random(2), 5, IN), weight(ops, owner, new Random(1), OUT, IN))));
            } catch (CublasException | BackendException failure) {
                assertThat(failure.getMessage()).containsIgnoringCase("cublasLt");
            } finally {
                Faults.reset();
            }
            backend.close();
            assertThat(backend.objects().byKind()).as("call %d", call).isEmpty();
        }
    }

    @Test
    void aStartWithoutRoomLeavesNothingOpen() {
        long mebibyte = 1 << 20;
        for (long bytes : new long[] {mebibyte / 2, 16 * mebibyte, ProductPlans.WORKSPACE_BYTES + mebibyte}) {
            NativeObjects objects = new NativeObjects();
            Emulator.memory(bytes);
            try {
                assertThatExceptionOfType(DeviceMemoryException.class)
                        .isThrownBy(() -> CudaBackend.open(settings(ProductMode.FAST), objects));
            } finally {
                Emulator.memory(0);
            }
            assertThat(objects.byKind()).as("%d bytes", bytes).isEmpty();
        }
    }
}
