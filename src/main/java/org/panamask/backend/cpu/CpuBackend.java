package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostCollective;
import org.panamask.backend.host.HostSpace;
import org.panamask.backend.memory.JobBackend;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.ffi.CpuInfo;
import org.panamask.ffi.LibraryLoadException;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeAccessException;
import org.panamask.ffi.NativeLibraries;
import org.panamask.ffi.NativeMemory;
import org.panamask.ffi.NativeObjects;
import org.panamask.launch.Ranks;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.MemoryModel;

/// Computes on the processor with oneDNN, in f32, and in bf16 where the instruction set carries it. In fp8 the operands
/// of products are rounded to 8-bit floats and multiplied as bf16, which holds them exactly: slower than bf16, and what
/// a GPU's products are read against.
public final class CpuBackend extends JobBackend {
    static final String NAME = "cpu";

    private final NativeObjects objects = new NativeObjects();
    private final int threads;
    private @Nullable CpuDevice device;
    private volatile @Nullable CpuInfo info;

    private CpuBackend(HostSpace.Source source, BackendSettings settings) {
        super(NAME, new HostSpace(source), settings.memoryLimitBytes());
        this.threads = settings.threads() == 0 ? Runtime.getRuntime().availableProcessors() : settings.threads();
    }

    private record CLibrary(NativeMemory functions) implements HostSpace.Source {
        @Override
        public MemorySegment take(long bytes) {
            return functions.take(bytes);
        }

        @Override
        public void give(MemorySegment memory) {
            functions.give(memory);
        }
    }

    /// Loads oneDNN and starts the backend.
    ///
    /// @throws BackendException if native access is refused, oneDNN cannot be loaded, or the type of `settings`
    ///     cannot run on this processor
    public static CpuBackend open(BackendSettings settings) {
        CpuBackend backend;
        try {
            backend = new CpuBackend(new CLibrary(NativeMemory.create(HostSpace.ALIGNMENT)), settings);
        } catch (NativeAccessException refused) {
            throw new BackendException(String.valueOf(refused.getMessage()), refused);
        }
        try {
            backend.run("start", Precision.F32, _ -> backend.info);
            backend.require(settings.dtype());
            return backend;
        } catch (NativeAccessException | LibraryLoadException failure) {
            backend.close();
            throw new BackendException(String.valueOf(failure.getMessage()), failure);
        } catch (BackendException refused) {
            backend.close();
            throw refused;
        }
    }

    @Override
    protected BackwardOps ops(Precision precision, TwoEndedArena jobArena) {
        return switch (precision) {
            case F32, BF16, FP8 -> new CpuOps(new CpuJob(started(), jobArena, precision));
            case F16, F64 -> throw unsupported(precision);
        };
    }

    /// The device, made by the first job on the thread of all jobs.
    private CpuDevice started() {
        CpuDevice present = device;
        if (present == null) {
            present = CpuDevice.create(objects, threads);
            device = present;
            info = present.info();
        }
        return present;
    }

    @Override
    protected void release() {
        CpuDevice present = device;
        if (present != null) {
            present.close();
            device = null;
        }
    }

    /// The native objects that are open now.
    NativeObjects objects() {
        return objects;
    }

    @Override
    public void require(Precision precision) {
        switch (precision) {
            case F32 -> {}
            case BF16, FP8 -> {
                CpuInfo found = info;
                if (found != null && !found.bf16()) {
                    throw new BackendException(
                            "backend cpu: " + name(precision) + " needs the instruction set avx512_core_bf16 or better,"
                                    + " but got " + found.instructionSet() + "; set backend.dtype to f32");
                }
            }
            case F16, F64 -> throw unsupported(precision);
        }
    }

    private static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }

    private static BackendException unsupported(Precision precision) {
        return new BackendException("backend cpu: it computes in f32, bf16 and fp8 only, but got "
                + name(precision)
                + "; set backend.dtype to bf16 or f32, or backend.name to reference");
    }

    @Override
    public Collective collective(Ranks ranks) {
        return HostCollective.open(ranks);
    }

    @Override
    public MemoryModel memoryModel() {
        return new CpuMemoryModel(
                layout -> run(
                        "plan",
                        Precision.F32,
                        _ -> started().packings().of(layout).bytes()),
                threads);
    }

    @Override
    public Map<String, String> report() {
        Map<String, String> report = new LinkedHashMap<>();
        report.put("backend", NAME);
        LibraryReport library = NativeLibraries.loadDnnl();
        report.put("library", "oneDNN " + library.version());
        report.put(
                "path",
                library.attempts().isEmpty() ? "" : library.attempts().getLast().place());
        CpuInfo found = info;
        if (found != null) {
            report.put("instruction set", found.instructionSet());
            report.put("threads", Integer.toString(found.threads()));
            report.put("f32 matmul", found.f32Matmul());
            report.put("bf16", found.bf16() ? "yes (" + found.bf16Matmul() + ")" : "no");
        }
        report.put(
                "native objects",
                objects.byKind().entrySet().stream()
                        .map(kind -> kind.getKey() + " " + kind.getValue())
                        .collect(Collectors.joining(", ")));
        return report;
    }
}
