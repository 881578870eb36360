package org.panamask.ffi.cuda;

import static org.panamask.bindings.nccl.Nccl.ncclCommInitRank;
import static org.panamask.bindings.nccl.Nccl.ncclGetErrorString;
import static org.panamask.bindings.nccl.Nccl.ncclGetLastError;
import static org.panamask.bindings.nccl.Nccl.ncclGetUniqueId;
import static org.panamask.bindings.nccl.Nccl.ncclGetVersion;
import static org.panamask.bindings.nccl.Nccl.ncclSuccess;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.nccl.ncclUniqueId;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;

/// NVIDIA's library for communication between GPUs.
public final class NcclLibrary {
    private static final long TEXT_BYTES = 4096;

    private final LibraryReport library;
    private final int version;

    private NcclLibrary(LibraryReport library, int version) {
        this.library = library;
        this.version = version;
    }

    /// Loads the library.
    ///
    /// @throws org.panamask.ffi.LibraryLoadException if there is none
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    /// @throws NcclException if it does not tell its version
    public static NcclLibrary load() {
        LibraryReport library = CudaLibraries.require(
                CudaLibrary.NCCL, "install the package nvidia-nccl, or name the file in PANAMASK_LIB_NCCL");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_INT);
            check(ncclGetVersion(out), "ncclGetVersion");
            return new NcclLibrary(library, out.get(ValueLayout.JAVA_INT, 0));
        }
    }

    /// How it was found.
    public LibraryReport library() {
        return library;
    }

    /// Its version, such as `2.30.7`.
    public String version() {
        return version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
    }

    /// What one rank makes and all ranks of a communicator must know.
    public byte[] uniqueId() {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment id = ncclUniqueId.allocate(frame);
            check(ncclGetUniqueId(id), "ncclGetUniqueId");
            return id.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// Joins the ranks that know `id`, on the device of `context`, which must be current to this thread. Waits
    /// until all have come.
    ///
    /// @throws NcclException if the library refuses
    /// @throws IllegalArgumentException if `id` is none of [#uniqueId]
    public NcclCommunicator join(CudaContext context, byte[] id, int rank, int world) {
        if (id.length != ncclUniqueId.sizeof()) {
            throw new IllegalArgumentException(
                    "nccl: an id has " + ncclUniqueId.sizeof() + " bytes, but got " + id.length);
        }
        context.handle("ncclCommInitRank");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            MemorySegment copy = ncclUniqueId.allocate(frame).copyFrom(MemorySegment.ofArray(id));
            check(ncclCommInitRank(out, world, copy, rank), "ncclCommInitRank of rank " + rank + " of " + world);
            return new NcclCommunicator(out.get(ValueLayout.ADDRESS, 0), rank, context);
        }
    }

    static void check(int status, String call) {
        if (status != ncclSuccess()) {
            throw new NcclException(call, name(status), lastError(), status);
        }
    }

    /// What `status` is called.
    static String name(int status) {
        return text(ncclGetErrorString(status), "unknown status");
    }

    /// What the library said last, in its own words.
    static String lastError() {
        String last = text(ncclGetLastError(MemorySegment.NULL), "").strip();
        return last.isEmpty() ? "it said nothing more; set NCCL_DEBUG=INFO to see what it does" : last;
    }

    private static String text(MemorySegment text, String otherwise) {
        return text.equals(MemorySegment.NULL)
                ? otherwise
                : text.reinterpret(TEXT_BYTES).getString(0);
    }
}
