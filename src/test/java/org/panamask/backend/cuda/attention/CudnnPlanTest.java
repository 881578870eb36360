package org.panamask.backend.cuda.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.emulator.Emulator;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;

/// cuDNN plans the graphs of attention for described devices, where cuDNN and NVRTC are installed. No GPU is needed,
/// but a driver's library that has every function that cuDNN looks for.
@EnabledOnOs(OS.LINUX)
class CudnnPlanTest {
    /// A driver without a device, which takes kernels all the same.
    private static final String DRIVER = """
            extern "C" {
            int cuInit(unsigned) { return 100; }
            int cuDriverGetVersion(int* version) { *version = 13000; return 0; }
            int cuLibraryLoadData(void** library, ...) { *library = (void*)16; return 0; }
            int cuLibraryLoadFromFile(void** library, ...) { *library = (void*)16; return 0; }
            int cuLibraryGetKernel(void** kernel, void*, const char*) { *kernel = (void*)16; return 0; }
            int cuLibraryUnload(void*) { return 0; }
            int cuKernelGetFunction(void** function, void*) { *function = (void*)16; return 0; }
            int cuKernelGetAttribute(int* value, int, void*, int) { *value = 0; return 0; }
            int cuKernelSetAttribute(int, int, void*, int) { return 0; }
            int cuFuncGetAttribute(int* value, int, void*) { *value = 0; return 0; }
            int cuFuncSetAttribute(void*, int, int) { return 0; }
            int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, unsigned long) {
                *blocks = 1;
                return 0;
            }
            int cuOccupancyMaxPotentialClusterSize(int* size, void*, void*) { *size = 1; return 0; }
            int cuGetErrorName(int, const char** text) { *text = "error"; return 0; }
            int cuGetErrorString(int, const char** text) { *text = "error"; return 0; }
            %s
            }
            """;

    private static final List<String> UNSUPPORTED = List.of(
            "cuCtxGetCurrent",
            "cuCtxGetLimit",
            "cuCtxPopCurrent",
            "cuCtxPushCurrent",
            "cuDeviceGet",
            "cuDeviceGetCount",
            "cuLaunchCooperativeKernel",
            "cuLaunchKernel",
            "cuLaunchKernelEx",
            "cuLinkAddData",
            "cuLinkComplete",
            "cuLinkCreate",
            "cuLinkDestroy",
            "cuStreamGetCtx");

    @TempDir
    Path folder;

    @Test
    void everyGraphHasAPlanOnAdaAndHopper() throws IOException, InterruptedException {
        Assumptions.assumeTrue(
                CudaLibraries.load(CudaLibrary.CUDNN).loaded(),
                "cuDNN is not installed; name libcudnn.so.9 in PANAMASK_LIB_CUDNN to have its plans tested");
        Emulator.folder();
        List<String> lines = table();
        lines.stream().filter(line -> line.startsWith("absent")).findFirst().ifPresent(Assumptions::abort);
        assertThat(lines).filteredOn(line -> line.startsWith("planned")).hasSize(2 * 4 * 3);
        assertThat(lines).noneMatch(line -> line.startsWith("refused"));
        assertThat(lines).contains("open 89 {}", "open 90 {}");
    }

    private Path driver() throws IOException, InterruptedException {
        String rest = UNSUPPORTED.stream()
                .map(name -> "int " + name + "() { return 801; }\n")
                .collect(Collectors.joining());
        Path source = Files.writeString(folder.resolve("driver.cpp"), DRIVER.formatted(rest));
        Path library = folder.resolve("libcuda.so.1");
        Process compiler = new ProcessBuilder(
                        "g++",
                        "-shared",
                        "-fPIC",
                        source.toString(),
                        "-Wl,-soname,libcuda.so.1",
                        "-o",
                        library.toString())
                .inheritIO()
                .start();
        assertThat(compiler.waitFor()).isZero();
        return library;
    }

    private List<String> table() throws IOException, InterruptedException {
        String classes = Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Dpanamask.lib.cuda=" + driver());
        String cudnn = System.getProperty("panamask.lib.cudnn");
        if (cudnn != null) {
            command.add("-Dpanamask.lib.cudnn=" + cudnn);
        }
        command.addAll(List.of("-cp", classes, CudnnTable.class.getName(), "89", "90"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as(() -> String.join("\n", lines)).isZero();
        return lines;
    }
}
