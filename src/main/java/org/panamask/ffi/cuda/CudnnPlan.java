package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeObjects;

/// How cuDNN computes a graph on a device.
public final class CudnnPlan extends CudnnDescriptor {
    private final long workspaceBytes;
    private List<Part> parts = List.of();

    private CudnnPlan(Part configuration, Optional<CudnnDevice> device, NativeObjects objects) {
        super("plan", Cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR(), objects);
        try {
            putDescriptor(Cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configuration);
            device.ifPresent(each -> putDescriptor(Cudnn.CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP(), each));
            finish();
            this.workspaceBytes = readLong(Cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
        } catch (CudnnException refused) {
            close();
            throw refused;
        }
    }

    /// What a plan is made with.
    static final class Part extends CudnnDescriptor {
        Part(String kind, int type, NativeObjects objects) {
            super(kind, type, objects);
        }
    }

    /// The first way of computing `graph` that cuDNN can finish, by its own order of speed.
    ///
    /// @param graph what is computed; it must stay open
    /// @param device where; empty means the device of the current context
    /// @param objects counts what is made
    /// @throws CudnnException if there is none, with what was said of the last one tried
    public static CudnnPlan of(CudnnGraph graph, Optional<CudnnDevice> device, NativeObjects objects) {
        List<CudnnException> refusals = new ArrayList<>();
        for (int mode : new int[] {Cudnn.CUDNN_HEUR_MODE_A(), Cudnn.CUDNN_HEUR_MODE_FALLBACK()}) {
            List<Part> parts = new ArrayList<>();
            try {
                for (Part configuration : configurations(graph, device, mode, parts, objects)) {
                    try {
                        CudnnPlan plan = new CudnnPlan(configuration, device, objects);
                        plan.parts = parts;
                        return plan;
                    } catch (CudnnException refused) {
                        refusals.add(refused);
                    }
                }
            } catch (CudnnException refused) {
                refusals.add(refused);
            }
            parts.reversed().forEach(Part::close);
        }
        if (refusals.isEmpty()) {
            CudnnException.check(Cudnn.CUDNN_STATUS_NOT_SUPPORTED(), "cuDNN's heuristics for an operation graph");
        }
        throw refusals.getLast();
    }

    private static List<Part> configurations(
            CudnnGraph graph, Optional<CudnnDevice> device, int mode, List<Part> parts, NativeObjects objects) {
        Part heuristics = new Part("heuristics", Cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR(), objects);
        parts.add(heuristics);
        heuristics.putDescriptor(Cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph);
        heuristics.putCode(Cudnn.CUDNN_ATTR_ENGINEHEUR_MODE(), Cudnn.CUDNN_TYPE_HEUR_MODE(), mode);
        device.ifPresent(each -> heuristics.putDescriptor(Cudnn.CUDNN_ATTR_ENGINEHEUR_DEVICEPROP(), each));
        heuristics.finish();
        int results = Cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS();
        int type = Cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR();
        int room = Math.toIntExact(heuristics.read(results, type, 0, MemorySegment.NULL));
        List<Part> configurations = new ArrayList<>();
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment array = frame.allocate(ValueLayout.ADDRESS, Math.max(1, room));
            for (int i = 0; i < room; i++) {
                Part each = new Part("engine configuration", Cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), objects);
                parts.add(each);
                configurations.add(each);
                array.setAtIndex(ValueLayout.ADDRESS, i, each.descriptor());
            }
            // The count that comes back is of those that survived cuDNN's own checks.
            long survivors = room == 0 ? 0 : heuristics.read(results, type, room, array);
            return configurations.subList(0, Math.toIntExact(survivors));
        }
    }

    /// Scratch memory of a run.
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /// What a run of a plan reads and writes.
    ///
    /// @param ids of tensors
    /// @param pointers of the same tensors, on the device or, for numbers of the host, on the host
    /// @param workspace device memory of [#workspaceBytes]
    public record Memory(List<Long> ids, List<MemorySegment> pointers, MemorySegment workspace) {
        /// Copies the lists.
        public Memory {
            ids = List.copyOf(ids);
            pointers = List.copyOf(pointers);
        }
    }

    /// Enqueues a run on the stream of `handle`.
    ///
    /// @throws CudnnException if cuDNN refuses
    public void run(CudnnHandle handle, Memory memory) {
        try (Pack pack = new Pack(memory, objects())) {
            check(Cudnn.cudnnBackendExecute(handle.library(), descriptor(), pack.descriptor()), "cudnnBackendExecute");
        }
    }

    private static final class Pack implements AutoCloseable {
        private final Part part;

        Pack(Memory memory, NativeObjects objects) {
            part = new Part("variant pack", Cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR(), objects);
            part.putLongs(
                    Cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(),
                    memory.ids().stream().mapToLong(Long::longValue).toArray());
            int pointer = Cudnn.CUDNN_TYPE_VOID_PTR();
            part.putPointers(Cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(), pointer, memory.pointers());
            part.putPointers(Cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE(), pointer, List.of(memory.workspace()));
            part.finish();
        }

        MemorySegment descriptor() {
            return part.descriptor();
        }

        @Override
        public void close() {
            part.close();
        }
    }

    @Override
    protected void closeParts() {
        parts.reversed().forEach(Part::close);
    }
}
