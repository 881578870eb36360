package org.panamask.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Tries a FlashAttention library in a process of its own: one with other arguments would overwrite the memory of the
/// process that calls it.
public final class FlashProbe {
    /// Set in the process that tries, which then goes on to compare numbers.
    private static final String TRYING = "panamask.flashattn.trying";

    /// A process that takes longer hangs.
    private static final long LONGEST_MINUTES = 5;

    private static final int LINES = 20;

    private FlashProbe() {}

    /// Tries the library on heads of `width` elements under a mask of `kind`, unless this is the process that
    /// tries.
    ///
    /// @throws BackendException with what the process said, if it did not end well or did not end
    static void require(DType dtype, int width, MaskFacts.Kind kind) {
        if (Boolean.getBoolean(TRYING)) {
            return;
        }
        String tried = "backend cuda: the FlashAttention library failed in a process of its own, heads of " + width
                + " " + dtype + ", mask " + kind + ", ";
        try {
            Path said = Files.createTempFile("panamask-flashattn-", ".txt");
            try {
                Process process = new ProcessBuilder(command(dtype, width, kind))
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
                boolean ended = process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES);
                if (!ended) {
                    process.destroyForcibly().waitFor();
                }
                if (!ended || process.exitValue() != 0) {
                    String outcome =
                            ended ? "status " + process.exitValue() : LONGEST_MINUTES + " minutes without an end";
                    throw new BackendException(tried + outcome + ": " + beginning(said)
                            + "; name another library or set backend.attention to pmk");
                }
            } finally {
                Files.deleteIfExists(said);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("trying the FlashAttention library in a process of its own", failure);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new BackendException("backend cuda: trying the FlashAttention library was interrupted", stopped);
        }
    }

    private static String beginning(Path said) throws IOException {
        try (Stream<String> lines = new String(Files.readAllBytes(said), StandardCharsets.UTF_8).lines()) {
            return lines.limit(LINES).collect(Collectors.joining(" | "));
        }
    }

    private static List<String> command(DType dtype, int width, MaskFacts.Kind kind) {
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
        command.addAll(List.of(dtype.name(), Integer.toString(width), kind.name()));
        return command;
    }

    /// Computes a small attention with the library, which compares it with plain kernels.
    ///
    /// @param arguments the type of activations, the width of heads and the kind of mask
    public static void main(String... arguments) {
        Precision precision = DType.valueOf(arguments[0]) == DType.BF16 ? Precision.BF16 : Precision.F16;
        int width = Integer.parseInt(arguments[1]);
        KeyIntervals mask = AttentionCheck.mask(MaskFacts.Kind.valueOf(arguments[2]));
        BackendSettings settings = BackendSettings.defaults()
                .with("name", CudaBackend.NAME)
                .with("dtype", precision)
                .with("attention", AttentionKernels.FLASHATTN)
                .with("deterministic", false);
        try (CudaBackend backend = CudaBackend.open(settings)) {
            backend.run("try " + precision.name().toLowerCase(Locale.ROOT), precision, ops -> {
                Tensor x = ops.empty(Shape.of(mask.count(), 1, width), ops.dtype());
                ops.clear(x);
                return ops.doubles(ops.attention(x, x, x, mask)).length;
            });
        }
    }
}
