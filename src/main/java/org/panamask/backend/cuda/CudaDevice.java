package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.memory.BackendMemory;
import org.panamask.backend.memory.Block;
import org.panamask.ffi.NativeLibraries;
import org.panamask.ffi.cuda.CublasLtHandle;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaFacts;
import org.panamask.ffi.cuda.CudaStatus;
import org.panamask.ffi.cuda.CudaStream;
import org.panamask.ffi.cuda.Nvrtc;

/// The objects of one GPU: its context, streams, kernels and queue. Made, used and closed on the job thread, to which
/// the context belongs.
final class CudaDevice implements AutoCloseable {
    /// Commands of all lists that are kept for replaying together.
    private static final int REMEMBERED_COMMANDS = 1 << 16;
    private static final String OWNER = "cuda";

    private final Closing closing = new Closing();
    private final CudaFacts facts;
    private final BackendMemory memory;
    private final CudaContext context;
    private final CudaStream compute;
    private final KernelCache kernels;
    private final GraphCache graphs;
    private final CommandQueue queue;
    private final Mover mover;
    private final Loader loader;
    private final ProductPlans products;
    private final Indices indices = new Indices();
    private final Map<String, Long> kept = new ConcurrentHashMap<>();
    private final AttentionSelection attention;
    private final CudnnPrograms cudnn;
    private final ScoreProducts scores;

    /// What a device is made of.
    ///
    /// @param facts the device
    /// @param context of this thread
    /// @param memory its memory, of the same context
    /// @param settings how it computes
    /// @param products how products are computed
    record Parts(
            CudaFacts facts,
            CudaContext context,
            BackendMemory memory,
            BackendSettings settings,
            ProductPlans.Options products) {}

    /// Takes `parts`, of which it closes the context when it is closed, or cannot be made.
    CudaDevice(Parts parts) {
        this.facts = parts.facts();
        this.memory = parts.memory();
        this.context = closing.add(parts.context());
        try {
            this.compute = closing.add(CudaStream.create(context));
            this.kernels = closing.add(new KernelCache(
                    context,
                    facts.architecture(),
                    new KernelFiles(NativeLibraries.kernelFolder(), KernelFiles.Shipped.JAR),
                    Nvrtc::load));
            this.graphs = closing.add(new GraphCache(REMEMBERED_COMMANDS));
            this.attention = new AttentionSelection(parts.settings(), facts);
            this.cudnn = closing.add(new CudnnPrograms(context.counted()));
            this.scores = closing.add(new ScoreProducts(this));
            this.loader = closing.add(new Loader(context, compute));
            Staging staging = closing.add(new Staging(context, keep(OWNER, Staging.BYTES, "staging")));
            this.queue =
                    new CommandQueue(compute, staging, graphs, parts.settings().launch());
            CublasLtHandle.Workspace workspace = workspace();
            this.products = closing.add(new ProductPlans(CublasLtHandle.create(context), workspace, parts.products()));
            this.mover =
                    new Mover(queue, keep(OWNER, Mover.BUFFER_BYTES, "moving").address());
        } catch (RuntimeException failure) {
            throw closing.after(failure);
        }
    }

    /// Memory that is kept as long as the device, with undefined contents; `owner` is its line in the ledger.
    ///
    /// @throws org.panamask.backend.DeviceMemoryException if there is no memory for it
    MemorySegment keep(String owner, long bytes, String purpose) {
        Block block = memory.take(owner, bytes, purpose);
        closing.add(() -> memory.give(owner, block));
        kept.merge(owner, block.bytes(), Long::sum);
        return block.slice(0, bytes);
    }

    /// The bytes of [#keep] by their line in the ledger.
    Map<String, Long> kept() {
        return Map.copyOf(kept);
    }

    /// What the driver says of it.
    CudaFacts facts() {
        return facts;
    }

    /// The context, which is current to the job thread.
    CudaContext context() {
        return context;
    }

    /// Whether it is lost.
    CudaStatus status() {
        return context.status();
    }

    /// The stream that computes. Commands go through [#queue].
    CudaStream compute() {
        return compute;
    }

    /// The kernels that are loaded.
    KernelCache kernels() {
        return kernels;
    }

    /// What ran.
    GraphCache graphs() {
        return graphs;
    }

    /// The work of the compute stream.
    CommandQueue queue() {
        return queue;
    }

    /// Moves memory that may overlap.
    Mover mover() {
        return mover;
    }

    /// How products are computed.
    ProductPlans products() {
        return products;
    }

    private CublasLtHandle.Workspace workspace() {
        MemorySegment memory = keep(OWNER, ProductPlans.WORKSPACE_BYTES, "the workspace of products");
        return new CublasLtHandle.Workspace(memory.address(), ProductPlans.WORKSPACE_BYTES);
    }

    /// What computes attention.
    AttentionSelection attention() {
        return attention;
    }

    /// Products of several heads at once.
    ScoreProducts scores() {
        return scores;
    }

    /// cuDNN's plans.
    CudnnPrograms cudnn() {
        return cudnn;
    }

    /// What the host knows of tensors of the running job.
    Indices indices() {
        return indices;
    }

    /// Copies `from` to the address `to`, in order with the queue.
    void load(MemorySegment from, long to) {
        queue.flush();
        loader.load(from, to);
    }

    /// Gives the memory of graphs back when everything has run.
    void forgetGraphs() {
        queue.finish();
        graphs.close();
    }

    @Override
    public void close() {
        closing.close();
    }
}
