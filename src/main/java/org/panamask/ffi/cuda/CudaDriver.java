package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeLibraries;

/// The driver of this machine, initialised.
public final class CudaDriver {
    /// The oldest driver that has every function of the bindings.
    public static final int OLDEST = 12_000;

    private static final int NAME_BYTES = 256;
    private static final int UUID_BYTES = 16;

    private final CudaStatus status = new CudaStatus();
    private final LibraryReport library;
    private final int version;
    private final int devices;

    private CudaDriver(LibraryReport library) {
        this.library = library;
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_INT);
            status.check(Cuda.cuInit(0), "cuInit");
            status.check(Cuda.cuDriverGetVersion(out), "cuDriverGetVersion");
            this.version = out.get(ValueLayout.JAVA_INT, 0);
            status.check(Cuda.cuDeviceGetCount(out), "cuDeviceGetCount");
            this.devices = out.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// Loads and initialises the driver; where there is none, the report says where it was looked for.
    ///
    /// @throws CudaException if it cannot be initialised
    /// @throws org.panamask.ffi.LibraryLoadException if there is none
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    public static CudaDriver load() {
        return new CudaDriver(CudaLibraries.require(
                CudaLibrary.CUDA, "install NVIDIA's driver, or name the file in PANAMASK_LIB_CUDA"));
    }

    /// How it was found.
    public LibraryReport library() {
        return library;
    }

    /// The version of CUDA that it implements, 13000 for 13.0.
    public int version() {
        return version;
    }

    /// Whether what answers is the emulator that runs kernels on the processor.
    public static boolean isEmulated() {
        return NativeLibraries.has("pmkEmuCounter");
    }

    /// The number of devices that this process may use.
    public int devices() {
        return devices;
    }

    /// What the driver says of device `ordinal`.
    ///
    /// @throws CudaException if there is no such device
    public CudaFacts facts(int ordinal) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment number = frame.allocate(ValueLayout.JAVA_INT);
            MemorySegment size = frame.allocate(ValueLayout.JAVA_LONG);
            MemorySegment name = frame.allocate(NAME_BYTES);
            MemorySegment uuid = frame.allocate(UUID_BYTES);
            status.check(Cuda.cuDeviceGet(number, ordinal), "cuDeviceGet");
            int device = number.get(ValueLayout.JAVA_INT, 0);
            status.check(Cuda.cuDeviceGetName(name, NAME_BYTES, device), "cuDeviceGetName");
            status.check(Cuda.cuDeviceGetUuid_v2(uuid, device), "cuDeviceGetUuid_v2");
            status.check(Cuda.cuDeviceTotalMem_v2(size, device), "cuDeviceTotalMem_v2");
            return new CudaFacts(
                    device,
                    name.getString(0, StandardCharsets.UTF_8),
                    uuid(uuid.toArray(ValueLayout.JAVA_BYTE)),
                    attribute(number, device, Cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR()),
                    attribute(number, device, Cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR()),
                    attribute(number, device, Cuda.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT()),
                    attribute(number, device, Cuda.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN()),
                    attribute(number, device, Cuda.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE()),
                    size.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    private int attribute(MemorySegment out, int device, int attribute) {
        status.check(Cuda.cuDeviceGetAttribute(out, attribute, device), "cuDeviceGetAttribute");
        return out.get(ValueLayout.JAVA_INT, 0);
    }

    /// As `nvidia-smi -L` writes it.
    private static String uuid(byte[] bytes) {
        String digits = HexFormat.of().formatHex(bytes);
        return "GPU-" + digits.substring(0, 8) + "-" + digits.substring(8, 12) + "-" + digits.substring(12, 16) + "-"
                + digits.substring(16, 20) + "-" + digits.substring(20);
    }
}
