package org.panamask.ffi.cuda;

import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcCompileProgram;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcCreateProgram;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcDestroyProgram;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcGetCUBIN;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcGetCUBINSize;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcGetErrorString;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcGetProgramLog;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcGetProgramLogSize;
import static org.panamask.bindings.nvrtc.Nvrtc.nvrtcVersion;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SortedMap;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;

/// NVIDIA's run-time compiler: makes images that the driver loads from the source of kernels. It needs no device.
public final class Nvrtc {
    private static final long TEXT_BYTES = 4096;

    private final LibraryReport library;
    private final String version;

    private Nvrtc(LibraryReport library, String version) {
        this.library = library;
        this.version = version;
    }

    /// What is compiled.
    ///
    /// @param name of the source, for messages
    /// @param source the text
    /// @param headers the texts that it may include, by name
    /// @param options of the compiler, in order
    public record Source(String name, String source, SortedMap<String, String> headers, List<String> options) {}

    /// What the compiler made.
    ///
    /// @param image what the driver loads
    /// @param log what the compiler said
    public record Compiled(byte[] image, String log) {}

    /// Loads the compiler.
    ///
    /// @throws org.panamask.ffi.LibraryLoadException if there is none
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    /// @throws NvrtcException if it does not tell its version
    public static Nvrtc load() {
        LibraryReport library = CudaLibraries.require(
                CudaLibrary.NVRTC, "install the package nvidia-cuda-nvrtc, or name the file in PANAMASK_LIB_NVRTC");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment major = frame.allocate(ValueLayout.JAVA_INT);
            MemorySegment minor = frame.allocate(ValueLayout.JAVA_INT);
            check(nvrtcVersion(major, minor), "nvrtcVersion", "");
            return new Nvrtc(library, major.get(ValueLayout.JAVA_INT, 0) + "." + minor.get(ValueLayout.JAVA_INT, 0));
        }
    }

    /// How it was found.
    public LibraryReport library() {
        return library;
    }

    /// Its version, such as `13.0`.
    public String version() {
        return version;
    }

    /// Whether it is the stand-in that makes images for the emulated driver.
    public static boolean isEmulated() {
        return CudaDriver.isEmulated();
    }

    /// Compiles `source`.
    ///
    /// @throws NvrtcException with the compiler's log if it cannot
    public Compiled compile(Source source) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment program = frame.allocate(ValueLayout.ADDRESS);
            check(
                    nvrtcCreateProgram(
                            program,
                            frame.allocateFrom(source.source()),
                            frame.allocateFrom(source.name()),
                            source.headers().size(),
                            texts(frame, List.copyOf(source.headers().values())),
                            texts(frame, List.copyOf(source.headers().keySet()))),
                    "nvrtcCreateProgram of " + source.name(),
                    "");
            Compiled compiled;
            try {
                compiled = compile(frame, program.get(ValueLayout.ADDRESS, 0), source);
            } catch (NvrtcException failure) {
                int _ = nvrtcDestroyProgram(program);
                throw failure;
            }
            check(nvrtcDestroyProgram(program), "nvrtcDestroyProgram of " + source.name(), compiled.log());
            return compiled;
        }
    }

    private static Compiled compile(Arena frame, MemorySegment program, Source source) {
        int returned = nvrtcCompileProgram(program, source.options().size(), texts(frame, source.options()));
        String log = log(frame, program);
        check(returned, "nvrtcCompileProgram of " + source.name() + " " + source.options(), log);
        MemorySegment size = frame.allocate(ValueLayout.JAVA_LONG);
        check(nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize", log);
        MemorySegment image = frame.allocate(size.get(ValueLayout.JAVA_LONG, 0));
        check(nvrtcGetCUBIN(program, image), "nvrtcGetCUBIN", log);
        return new Compiled(image.toArray(ValueLayout.JAVA_BYTE), log);
    }

    private static String log(Arena frame, MemorySegment program) {
        MemorySegment size = frame.allocate(ValueLayout.JAVA_LONG);
        check(nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize", "");
        MemorySegment log = frame.allocate(Math.max(1, size.get(ValueLayout.JAVA_LONG, 0)));
        check(nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog", "");
        return log.getString(0).strip();
    }

    private static MemorySegment texts(Arena frame, List<String> texts) {
        MemorySegment array = frame.allocate(ValueLayout.ADDRESS, Math.max(1, texts.size()));
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, frame.allocateFrom(texts.get(i)));
        }
        return array;
    }

    private static void check(int status, String call, String log) {
        if (status != 0) {
            String name = nvrtcGetErrorString(status).reinterpret(TEXT_BYTES).getString(0);
            throw new NvrtcException(call, name, log.isEmpty() ? "the compiler left no log" : log, status);
        }
    }
}
