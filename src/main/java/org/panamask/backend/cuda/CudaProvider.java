package org.panamask.backend.cuda;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendProvider;
import org.panamask.backend.BackendSettings;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeAccessException;
import org.panamask.ffi.NativeLibraries;
import org.panamask.ffi.cuda.CudaDriver;

/// Offers the backend that computes on NVIDIA GPUs.
public final class CudaProvider implements BackendProvider {
    /// For [java.util.ServiceLoader].
    public CudaProvider() {}

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public Backend open(BackendSettings settings) {
        return CudaBackend.open(settings);
    }

    @Override
    public SequencedMap<String, String> installation() {
        SequencedMap<String, String> found = new LinkedHashMap<>();
        try {
            for (CudaLibrary library : CudaLibrary.values()) {
                found.put(library.label(), describe(CudaLibraries.load(library)));
            }
            String made = new KernelFiles(NativeLibraries.kernelFolder(), KernelFiles.Shipped.JAR).madeWith();
            found.put("cubins", made.isEmpty() ? "none in this jar: kernels are compiled by NVRTC" : made);
        } catch (NativeAccessException refused) {
            found.put("libraries", String.valueOf(refused.getMessage()));
        }
        return found;
    }

    private static String describe(LibraryReport report) {
        if (report.loaded()) {
            String file = report.attempts().getLast().place();
            String version = report.version().isEmpty() ? file : report.version() + ", " + file;
            return CudaDriver.isEmulated() && report.name().equals("cuda") ? version + ", an emulator" : version;
        }
        String broken = report.attempts().stream()
                .filter(attempt -> !attempt.result().equals("no such file"))
                .map(attempt -> "; " + attempt)
                .reduce("", String::concat);
        return "not found in " + report.attempts().size() + " places" + broken + "; name the file in PANAMASK_LIB_"
                + report.name().toUpperCase(Locale.ROOT);
    }
}
