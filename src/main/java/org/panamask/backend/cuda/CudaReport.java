package org.panamask.backend.cuda;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CudaDriver;
import org.panamask.ffi.cuda.CudaFacts;

/// What really runs on a started device. Safe for use by many threads.
final class CudaReport {
    private static final double GIBIBYTE = 0x1p30;

    private final CudaDriver driver;
    private final CudaDevice device;
    private final NativeObjects objects;

    CudaReport(CudaDriver driver, CudaDevice device, NativeObjects objects) {
        this.driver = driver;
        this.device = device;
        this.objects = objects;
    }

    /// The memory of the device.
    long memoryBytes() {
        return device.facts().memoryBytes();
    }

    /// The facts in a fixed order.
    Map<String, String> lines() {
        Map<String, String> lines = new LinkedHashMap<>();
        CudaFacts facts = device.facts();
        lines.put("device", facts.name());
        if (CudaDriver.isEmulated()) {
            lines.put("emulator", "kernels run on the processor, for tests; this is no GPU");
        }
        lines.put("uuid", facts.uuid());
        lines.put("capability", facts.major() + "." + facts.minor());
        lines.put("multiprocessors", Integer.toString(facts.multiprocessors()));
        lines.put("memory", String.format(Locale.ROOT, "%.1f GiB", facts.memoryBytes() / GIBIBYTE));
        lines.put("driver", version(driver.version()) + ", " + place(driver.library()));
        for (CudaLibrary library : CudaLibrary.values()) {
            if (library != CudaLibrary.CUDA) {
                CudaLibraries.loaded(library)
                        .ifPresent(found -> lines.put(library.label(), found.version() + ", " + place(found)));
            }
        }
        lines.put("attention", device.attention().line());
        lines.put("kernels", kernels(device.kernels()));
        GraphCache.Counts counts = device.graphs().counts();
        lines.put(
                "launches",
                counts.launches() + " commands by themselves, " + counts.replays() + " graph launches of "
                        + counts.captures() + " graphs");
        lines.put(
                "native objects",
                objects.byKind().entrySet().stream()
                        .map(kind -> kind.getKey() + " " + kind.getValue())
                        .collect(Collectors.joining(", ")));
        return lines;
    }

    private static String kernels(KernelCache kernels) {
        KernelCache.Counts counts = kernels.counts();
        String made = kernels.madeWith();
        return counts.fromJar() + " families from the jar (" + (made.isEmpty() ? "which has none" : made) + "), "
                + counts.fromFolder() + " from the cache, " + counts.compiled() + " compiled"
                + (counts.replaced() == 0 ? "" : ", " + counts.replaced() + " damaged files replaced")
                + (counts.unwritable().isEmpty() ? "" : ", not kept: " + counts.unwritable())
                + (counts.refused().isEmpty() ? "" : ", an image of the jar was refused: " + counts.refused());
    }

    /// `13.0` for 13000.
    static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static String place(LibraryReport library) {
        return library.attempts().isEmpty() ? "" : library.attempts().getLast().place();
    }
}
