package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// oneDNN's processor engine; every other oneDNN object is made for one.
public final class DnnlEngine extends NativeHandle {
    private DnnlEngine(MemorySegment engine, NativeObjects objects) {
        super("dnnl_engine", engine, dnnl_h::dnnl_engine_destroy, objects);
    }

    /// Loads oneDNN if need be and creates the engine; `objects` counts it and everything made for it.
    ///
    /// @throws LibraryLoadException if oneDNN cannot be loaded
    /// @throws NativeAccessException if native access is refused
    public static DnnlEngine create(NativeObjects objects) {
        NativeLibraries.loadDnnl();
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(dnnl_h.dnnl_engine_create(out, dnnl_h.dnnl_cpu(), 0), "dnnl_engine_create");
            return new DnnlEngine(out.get(ValueLayout.ADDRESS, 0), objects);
        }
    }
}
