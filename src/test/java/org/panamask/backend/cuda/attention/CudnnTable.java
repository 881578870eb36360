package org.panamask.backend.cuda.attention;

import java.util.Optional;
import org.panamask.backend.cuda.attention.CompositeShape.Hidden;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CudnnDevice;
import org.panamask.ffi.cuda.CudnnException;
import org.panamask.ffi.cuda.CudnnType;

/// Lets cuDNN plan the graphs of attention for devices that are only described, and prints a line for each. A process
/// of its own, because cuDNN needs the real compiler and a process loads one.
final class CudnnTable {
    private CudnnTable() {}

    /// Takes the capabilities, such as `89`.
    public static void main(String... capabilities) {
        for (CudaLibrary library : new CudaLibrary[] {CudaLibrary.CUDA, CudaLibrary.NVRTC, CudaLibrary.CUDNN}) {
            if (!CudaLibraries.load(library).loaded()) {
                System.out.println("absent " + library.label());
                return;
            }
        }
        for (String capability : capabilities) {
            NativeObjects objects = new NativeObjects();
            try (CudnnDevice device = new CudnnDevice(json(Integer.parseInt(capability)), objects)) {
                for (Hidden hidden : Hidden.values()) {
                    forward(capability, device, hidden);
                    for (boolean deterministic : new boolean[] {false, true}) {
                        backward(capability, device, hidden, deterministic);
                    }
                }
            }
            System.out.println("open " + capability + " " + objects.byKind());
        }
    }

    private static CompositeShape shape(CudnnType type, Hidden hidden) {
        return new CompositeShape(type, 2, 32, 8, 1024, 1024, 128, hidden);
    }

    private static void forward(String capability, CudnnDevice device, Hidden hidden) {
        plan(
                capability + " forward " + hidden,
                CompositeForward.of(shape(CudnnType.BFLOAT16, hidden)).graph(),
                device);
    }

    private static void backward(String capability, CudnnDevice device, Hidden hidden, boolean deterministic) {
        plan(
                capability + (deterministic ? " deterministic" : "") + " backward " + hidden,
                CompositeBackward.of(shape(CudnnType.HALF, hidden), deterministic)
                        .graph(),
                device);
    }

    private static void plan(String what, OperationGraph graph, CudnnDevice device) {
        try (CudnnProgram program = new CudnnProgram(graph, Optional.of(device), new NativeObjects())) {
            System.out.println("planned " + what + " " + program.plan().workspaceBytes());
        } catch (CudnnException refused) {
            System.out.println("refused " + what + " " + refused.getMessage());
        }
    }

    /// What cuDNN reads of a device: those of an A100, an L40S and an H100.
    private static String json(int capability) {
        int shared = capability == 90 ? 232_448 : capability == 80 ? 166_912 : 101_376;
        int processors = capability == 90 ? 132 : capability == 80 ? 108 : 142;
        int threads = capability == 89 ? 1536 : 2048;
        return """
                {"cudaDeviceId":0,"deviceVer":%d,"driverVer":13000,"maxGridSize":[2147483647,65535,65535],\
                "maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":%d,"smCountOrigin":0,\
                "warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":%d,\
                "reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":%d,\
                "maxThreadsPerBlock":1024,"maxThreadsPerSM":%d,"pciDeviceId":0,"isTccDriver":0,\
                "supportCoopLaunch":1,"totalGlobalMem":48305799168,"smClockRateKHz":2520000,\
                "memClockRateKHz":9001000,"l2CacheSize":50331648,"deviceName":"described"}""".formatted(capability * 10, processors, shared, threads == 1536 ? 24 : 32, threads);
    }
}
