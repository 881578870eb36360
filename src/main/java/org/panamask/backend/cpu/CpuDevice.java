package org.panamask.backend.cpu;

import org.panamask.ffi.CpuInfo;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlStream;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.OpenMp;

/// The native objects and threads of one backend. Made, used and closed on the job thread, because OpenMP keeps a team
/// of threads for each thread that calls it.
final class CpuDevice implements AutoCloseable {
    /// Each primitive keeps its compiled code, tens of KiB.
    private static final int PRIMITIVES = 2048;

    private final DnnlEngine engine;
    private final DnnlStream stream;
    private final Packings packings;
    private final PrimitiveCache primitives;
    private final Workers workers;
    private final CpuInfo info;

    private CpuDevice(DnnlEngine engine, int threads) {
        this.engine = engine;
        this.stream = DnnlStream.create(engine);
        this.packings = new Packings(engine);
        this.primitives = new PrimitiveCache(engine, packings, PRIMITIVES);
        this.workers = new Workers(threads);
        this.info = CpuInfo.detect(engine);
    }

    /// Loads oneDNN and starts `threads` threads; `objects` counts what is made.
    ///
    /// @throws org.panamask.ffi.LibraryLoadException if oneDNN cannot be loaded
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    static CpuDevice create(NativeObjects objects, int threads) {
        DnnlEngine engine = DnnlEngine.create(objects);
        OpenMp.useThreads(threads);
        return new CpuDevice(engine, threads);
    }

    DnnlStream stream() {
        return stream;
    }

    PrimitiveCache primitives() {
        return primitives;
    }

    Packings packings() {
        return packings;
    }

    Workers workers() {
        return workers;
    }

    CpuInfo info() {
        return info;
    }

    @Override
    public void close() {
        workers.close();
        primitives.close();
        packings.close();
        stream.close();
        engine.close();
    }
}
