package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.ffi.cuda.CublasLtAlgorithm;
import org.panamask.ffi.cuda.CublasLtDescriptor;
import org.panamask.ffi.cuda.CublasLtHandle;
import org.panamask.ffi.cuda.CublasLtLayout;
import org.panamask.ffi.cuda.CublasLtPreference;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.ffi.cuda.CudaStream;

/// Products of several matrices at once, by cuBLASLt, each planned when it is first asked for. Confined to the job
/// thread.
final class ScoreProducts implements AutoCloseable {
    private static final long WORKSPACE_BYTES = 4 << 20;
    private static final int MOST_ALIGNED = 16;

    /// Plans kept: there is one for each number of query rows and of keys.
    private static final int PLANS = 1024;

    private final CudaDevice device;
    private final Map<Key, Plan> plans = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Plan> eldest) {
            boolean full = size() > PLANS;
            if (full) {
                eldest.getValue().product().close();
            }
            return full;
        }
    };
    private CublasLtHandle.@Nullable Workspace workspace;
    private @Nullable Library library;

    ScoreProducts(CudaDevice device) {
        this.device = device;
    }

    private record Library(CublasLtHandle handle, CublasLtHandle.Workspace workspace) {}

    private record Plan(CublasLtProduct product, CublasLtAlgorithm algorithm) {}

    /// A row of matrices in column-major order.
    ///
    /// @param type of elements
    /// @param rows of each
    /// @param columns of each
    /// @param stride elements from one column to the next
    /// @param step elements from one matrix to the next
    record Matrices(CublasType type, long rows, long columns, long stride, long step) {}

    /// `d = op(a) op(b)` for `count` matrices of each.
    ///
    /// @param a the left operands
    /// @param b the right operands
    /// @param d the results
    /// @param count how many
    /// @param turned which operands are transposed
    /// @param alignment of every matrix, in bytes
    record Key(Matrices a, Matrices b, Matrices d, int count, Turned turned, int alignment) {}

    /// Which operands are transposed.
    enum Turned {
        LEFT,
        NEITHER,
        RIGHT
    }

    /// A product with its addresses, as a command.
    ///
    /// @param products know how it is computed
    /// @param key what is multiplied
    /// @param operands addresses and factors
    record Call(ScoreProducts products, Key key, CublasLtProduct.Operands operands) implements Command {
        @Override
        public void issue(CudaStream stream) {
            Plan plan = products.of(key);
            Library open = products.library();
            open.handle()
                    .multiply(
                            plan.product(),
                            operands,
                            new CublasLtHandle.Way(plan.algorithm(), open.workspace(), stream));
        }
    }

    /// The call of a product, planned now.
    ///
    /// @throws BackendException if cuBLASLt has no algorithm for it
    Call call(Key key, CublasLtProduct.Operands at) {
        long bits = MOST_ALIGNED | at.a() | at.b() | at.d() | bytes(key.a()) | bytes(key.b()) | bytes(key.d());
        Key aligned =
                new Key(key.a(), key.b(), key.d(), key.count(), key.turned(), Math.toIntExact(Long.lowestOneBit(bits)));
        of(aligned);
        return new Call(this, aligned, at);
    }

    private static long bytes(Matrices matrices) {
        return (matrices.stride() | matrices.step()) * matrices.type().bytes();
    }

    private Library library() {
        Library open = library;
        if (open == null) {
            CublasLtHandle.load();
            CublasLtHandle.Workspace room = workspace();
            open = new Library(CublasLtHandle.create(device.context()), room);
            library = open;
        }
        return open;
    }

    private CublasLtHandle.Workspace workspace() {
        CublasLtHandle.Workspace kept = workspace;
        if (kept == null) {
            MemorySegment memory = device.keep("attention", WORKSPACE_BYTES, "workspace of cuBLASLt");
            kept = new CublasLtHandle.Workspace(memory.address(), WORKSPACE_BYTES);
            workspace = kept;
        }
        return kept;
    }

    private Plan of(Key key) {
        Plan known = plans.get(key);
        if (known == null) {
            known = plan(key);
            plans.put(key, known);
        }
        return known;
    }

    private Plan plan(Key key) {
        Library open = library();
        Closing made = new Closing();
        try (CublasLtPreference preference = CublasLtPreference.create(open.handle(), WORKSPACE_BYTES)) {
            CublasLtDescriptor descriptor =
                    made.add(CublasLtDescriptor.create(open.handle(), CublasLtDescriptor.Compute.F32));
            descriptor.turn(key.turned() == Turned.LEFT, key.turned() == Turned.RIGHT);
            CublasLtProduct product = new CublasLtProduct(
                    descriptor,
                    layout(open, made, key.a(), key),
                    layout(open, made, key.b(), key),
                    layout(open, made, key.d(), key));
            for (CublasLtPreference.Operand operand : CublasLtPreference.Operand.values()) {
                preference.align(operand, key.alignment());
            }
            return open.handle()
                    .best(product, preference)
                    .map(algorithm -> new Plan(product, algorithm))
                    .orElseThrow(() ->
                            new BackendException("backend cuda: cuBLASLt has no algorithm for attention's product "
                                    + key + "; set backend.attention to pmk"));
        } catch (RuntimeException failure) {
            throw made.after(failure);
        }
    }

    private static CublasLtLayout layout(Library open, Closing made, Matrices matrices, Key key) {
        CublasLtLayout layout = made.add(CublasLtLayout.create(
                open.handle(),
                new CublasLtLayout.Extent(matrices.type(), matrices.rows(), matrices.columns(), matrices.stride())));
        layout.batch(key.count(), matrices.step());
        return layout;
    }

    @Override
    public void close() {
        Closing closing = new Closing();
        Library open = library;
        if (open != null) {
            library = null;
            closing.add(open.handle());
        }
        plans.values().forEach(plan -> closing.add(plan.product()));
        plans.clear();
        closing.close();
    }
}
