package org.panamask.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Tries a FlashAttention library in a process of its own: one with other arguments would overwrite the memory of the
/// process that calls it.
public final class FlashProbe {
    /// Set in the process that tries, which then goes on to compare numbers.
    private static final String TRYING = "panamask.flashattn.trying";

    private FlashProbe() {}

    /// Tries the library on heads of `width` elements, unless this is the process that tries.
    ///
    /// @throws BackendException with what the process said, if it did not end well
    static void require(DType dtype, int width) {
        if (Boolean.getBoolean(TRYING)) {
            return;
        }
        try {
            Process process = new ProcessBuilder(command(dtype, width))
                    .redirectErrorStream(true)
                    .start();
            List<String> lines = process.inputReader().lines().toList();
            int status = process.waitFor();
            if (status != 0) {
                throw new BackendException(
                        "backend cuda: the FlashAttention library failed in a process of its own, heads"
                                + " of " + width + " " + dtype + ", status " + status + ": "
                                + lines.stream().limit(20).collect(Collectors.joining(" | "))
                                + "; name another library or set backend.attention to pmk");
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("trying the FlashAttention library in a process of its own", failure);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new BackendException("backend cuda: trying the FlashAttention library was interrupted", stopped);
        }
    }

    private static List<String> command(DType dtype, int width) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-D" + TRYING + "=true");
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("panamask."))
                .sorted()
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        String classes = Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        command.addAll(List.of("-cp", classes, FlashProbe.class.getName()));
        command.addAll(List.of(dtype.name(), Integer.toString(width)));
        return command;
    }

    /// Computes a small attention with the library, which compares it with plain kernels.
    ///
    /// @param arguments the type of activations and the width of heads
    public static void main(String... arguments) {
        Precision precision = DType.valueOf(arguments[0]) == DType.BF16 ? Precision.BF16 : Precision.F16;
        int width = Integer.parseInt(arguments[1]);
        BackendSettings settings = BackendSettings.defaults()
                .with("name", CudaBackend.NAME)
                .with("dtype", precision)
                .with("attention", AttentionKernels.FLASHATTN)
                .with("deterministic", false);
        try (CudaBackend backend = CudaBackend.open(settings)) {
            backend.run("try " + precision.name().toLowerCase(Locale.ROOT), precision, ops -> {
                KeyIntervals mask = new AttentionMask.Full().lower(1, 8);
                Tensor x = ops.empty(Shape.of(8, 1, width), ops.dtype());
                ops.clear(x);
                return ops.doubles(ops.attention(x, x, x, mask)).length;
            });
        }
    }
}
