package org.panamask.backend.cuda;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.panamask.backend.BackendException;
import org.panamask.backend.ProductMode;
import org.panamask.ffi.cuda.CublasLtAlgorithm;
import org.panamask.ffi.cuda.CublasLtDescriptor;
import org.panamask.ffi.cuda.CublasLtDescriptor.Pointer;
import org.panamask.ffi.cuda.CublasLtHandle;
import org.panamask.ffi.cuda.CublasLtLayout;
import org.panamask.ffi.cuda.CublasLtPreference;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.ffi.cuda.CudaStream;

/// How each product is computed: descriptors and algorithm, found once. Confined to the job thread.
final class ProductPlans implements AutoCloseable {
    /// Workspace of cuBLASLt: what its documentation recommends on Hopper, and more than it does elsewhere.
    static final long WORKSPACE_BYTES = 32 << 20;

    /// Plans kept; samplers ask for many numbers of rows.
    private static final int PLANS = 4096;

    /// The number of rows whose algorithm serves every number of rows in [ProductMode#STEADY].
    private static final int PINNED_ROWS = 256;

    /// The alignment that algorithms count on at most in [ProductMode#STEADY].
    private static final int PINNED_ALIGNMENT = 16;

    private final CublasLtHandle handle;
    private final CublasLtHandle.Workspace workspace;
    private final Options options;
    private final Map<ProductKey, CublasLtAlgorithm> pinned = new HashMap<>();
    private final Map<ProductKey, Plan> plans = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ProductKey, Plan> eldest) {
            boolean full = size() > PLANS;
            if (full) {
                eldest.getValue().product().close();
            }
            return full;
        }
    };

    /// Products on the device of `handle`.
    ///
    /// @param handle finds algorithms and enqueues; this closes it
    /// @param workspace of [#WORKSPACE_BYTES], used by one stream only
    /// @param options how products are computed
    ProductPlans(CublasLtHandle handle, CublasLtHandle.Workspace workspace, Options options) {
        this.handle = handle;
        this.workspace = workspace;
        this.options = options;
    }

    /// How products are computed.
    ///
    /// @param compute how 32-bit floats are multiplied
    /// @param mode how algorithms are chosen
    record Options(CublasLtDescriptor.Compute compute, ProductMode mode) {}

    private record Plan(CublasLtProduct product, CublasLtAlgorithm algorithm) {}

    ProductMode mode() {
        return options.mode();
    }

    /// Finds out how `key` is computed, unless that is known.
    ///
    /// @throws BackendException if cuBLASLt has no algorithm for it on this device
    void prepare(ProductKey key) {
        of(key);
    }

    /// How many products are planned now.
    int size() {
        return plans.size();
    }

    /// How many algorithms serve every number of rows.
    int pinned() {
        return pinned.size();
    }

    private Plan of(ProductKey key) {
        Plan known = plans.get(key);
        if (known == null) {
            known = plan(key);
            plans.put(key, known);
        }
        return known;
    }

    private Plan plan(ProductKey key) {
        CublasLtProduct product = describe(key);
        try {
            boolean byRows = key.turned() != ProductKey.Turned.RIGHT;
            return new Plan(
                    product,
                    options.mode() == ProductMode.STEADY && byRows
                            ? pinnedAlgorithm(key, product)
                            : best(key, product, false));
        } catch (RuntimeException failure) {
            product.close();
            throw failure;
        }
    }

    private CublasLtProduct describe(ProductKey key) {
        Closing made = new Closing();
        try {
            CublasLtDescriptor descriptor = made.add(CublasLtDescriptor.create(handle, compute(key.types())));
            describe(key, descriptor);
            return new CublasLtProduct(
                    descriptor,
                    made.add(CublasLtLayout.create(handle, key.left())),
                    made.add(CublasLtLayout.create(handle, key.right())),
                    made.add(CublasLtLayout.create(handle, key.result())));
        } catch (RuntimeException failure) {
            throw made.after(failure);
        }
    }

    /// Operands of narrower types have no bits to round away, and the library refuses to.
    private CublasLtDescriptor.Compute compute(ProductKey.Types types) {
        return types.left() == CublasType.F32 ? options.compute() : CublasLtDescriptor.Compute.F32;
    }

    private void describe(ProductKey key, CublasLtDescriptor descriptor) {
        descriptor.turn(key.turned() == ProductKey.Turned.LEFT, key.turned() == ProductKey.Turned.RIGHT);
        // The library chooses by what a product reads and by how it is aligned, so something as aligned stands there
        // until the addresses are known.
        long placeholder = workspace.address() + key.alignment();
        if (key.bias()) {
            descriptor.addBias();
            descriptor.point(Pointer.BIAS, placeholder);
        }
        ProductKey.Types types = key.types();
        if (types.left().isFp8()) {
            descriptor.point(Pointer.LEFT_SCALE, placeholder);
            descriptor.point(Pointer.RIGHT_SCALE, placeholder);
        }
        // Gradients, in E5M2, keep every bit of their sums.
        if (types.left() == types.right() && types.left().isFp8()) {
            descriptor.sumFast();
        }
    }

    private CublasLtAlgorithm best(ProductKey key, CublasLtProduct product, boolean inOnePiece) {
        try (CublasLtPreference preference = CublasLtPreference.create(handle, workspace.bytes())) {
            for (CublasLtPreference.Operand operand : CublasLtPreference.Operand.values()) {
                preference.align(operand, key.alignment());
            }
            if (inOnePiece) {
                preference.sumInOnePiece();
            }
            return handle.best(product, preference)
                    .orElseThrow(() -> new BackendException("backend cuda: cuBLASLt " + CublasLtHandle.version()
                            + " has no algorithm on this device for " + key));
        }
    }

    private CublasLtAlgorithm pinnedAlgorithm(ProductKey key, CublasLtProduct product) {
        CublasLtAlgorithm algorithm = pinned.computeIfAbsent(
                key.withRows(PINNED_ROWS).aligned(Math.min(PINNED_ALIGNMENT, key.alignment())), this::pin);
        return handle.check(product, algorithm)
                .filter(fitting -> fitting.workspaceBytes() <= workspace.bytes())
                .orElseThrow(() -> new BackendException("backend cuda: the algorithm that steady products pin ("
                        + algorithm.configuration() + ") cannot compute " + key
                        + "; set backend.products to fast, under which a row may depend on the number of rows"));
    }

    private CublasLtAlgorithm pin(ProductKey key) {
        try (CublasLtProduct product = describe(key)) {
            CublasLtAlgorithm algorithm = best(key, product, true);
            if (algorithm.parts() > 1) {
                throw new BackendException("backend cuda: cuBLASLt cuts the sums of " + key + " into "
                        + algorithm.parts() + " parts although it was asked not to; set backend.products to fast");
            }
            return algorithm;
        }
    }

    /// Enqueues `call`.
    void issue(ProductCall call, CudaStream stream) {
        Plan plan = of(call.key());
        point(plan, Pointer.BIAS, call.pointers().bias());
        point(plan, Pointer.LEFT_SCALE, call.pointers().leftScale());
        point(plan, Pointer.RIGHT_SCALE, call.pointers().rightScale());
        handle.multiply(plan.product(), call.operands(), new CublasLtHandle.Way(plan.algorithm(), workspace, stream));
    }

    private static void point(Plan plan, Pointer pointer, long address) {
        if (address != 0) {
            plan.product().descriptor().point(pointer, address);
        }
    }

    @Override
    public void close() {
        Closing closing = new Closing();
        closing.add(handle);
        plans.values().forEach(plan -> closing.add(plan.product()));
        plans.clear();
        closing.close();
    }
}
