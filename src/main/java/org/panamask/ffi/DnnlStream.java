package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// A queue of primitives on an engine. On the processor a primitive has run when its `execute` returns.
public final class DnnlStream extends NativeHandle {
    private DnnlStream(MemorySegment stream, NativeObjects objects) {
        super("dnnl_stream", stream, dnnl_h::dnnl_stream_destroy, objects);
    }

    /// Creates a stream on `engine`.
    public static DnnlStream create(DnnlEngine engine) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(
                    dnnl_h.dnnl_stream_create(out, engine.address(), dnnl_h.dnnl_stream_in_order()),
                    "dnnl_stream_create");
            return new DnnlStream(out.get(ValueLayout.ADDRESS, 0), engine.objects());
        }
    }

    /// Blocks until everything enqueued so far has run.
    public void synchronize() {
        DnnlStatus.check(dnnl_h.dnnl_stream_wait(address()), "dnnl_stream_wait");
    }
}
