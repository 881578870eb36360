package org.panamask.emulator;

import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.emulator.KernelCompiler.Usage;
import org.panamask.tensor.DType;

/// What kernels take of a device, as tables.
///
/// @param all every kernel of every compilation
record KernelReport(List<Measured> all) {
    static final List<String> ARCHITECTURES = List.of("sm_80", "sm_86", "sm_89", "sm_90");

    /// A kernel of one compilation.
    ///
    /// @param defines the settings, `NAME=VALUE`
    record Measured(String family, List<String> defines, Usage usage) {
        /// Static and dynamic shared memory of a block.
        int sharedBytes() {
            return usage.sharedBytes() + dynamicBytes();
        }

        private int dynamicBytes() {
            String width = setting("PMK_D");
            if (width.isEmpty()) {
                return 0;
            }
            DType type = switch (setting("PMK_T")) {
                case "bf16" -> DType.BF16;
                case "f16" -> DType.F16;
                default -> DType.F32;
            };
            AttentionTiling tiling = family.equals("attention_stream")
                    ? AttentionTiling.streaming(type, Integer.parseInt(width))
                    : AttentionTiling.of(type, Integer.parseInt(width));
            return parts(tiling)
                    .filter(part -> part.name().equals(usage.kernel()))
                    .mapToInt(AttentionTiling.Part::sharedBytes)
                    .findAny()
                    .orElseThrow();
        }

        private static Stream<AttentionTiling.Part> parts(AttentionTiling tiling) {
            Stream<AttentionTiling.Part> all =
                    Stream.of(tiling.forward(), tiling.delta(), tiling.keys(), tiling.queries());
            return tiling.isStreaming() ? all : Stream.concat(all, Stream.of(tiling.atomic(), tiling.collect()));
        }

        private String setting(String name) {
            return defines.stream()
                    .filter(define -> define.startsWith(name + "="))
                    .map(define -> define.substring(name.length() + 1))
                    .findAny()
                    .orElse("");
        }
    }

    /// A line for each family: the kernel that takes the most registers, and what is the most of the family.
    String families() {
        return table("family", Measured::family);
    }

    /// A line for each kernel, the most over types and specialisations.
    String kernels() {
        return table("kernel", one -> one.family() + " " + one.usage().kernel());
    }

    private String table(String title, Function<Measured, String> name) {
        TreeMap<String, List<Measured>> rows =
                all.stream().collect(Collectors.groupingBy(name, TreeMap::new, Collectors.toList()));
        StringBuilder text = new StringBuilder("| ").append(title).append(" | most registers by |");
        ARCHITECTURES.forEach(
                architecture -> text.append(' ').append(architecture).append(" |"));
        text.append(" shared bytes | spilled bytes |\n|---|---|---|---|---|---|---|---|\n");
        rows.forEach((row, measured) -> text.append("| ")
                .append(row)
                .append(" | ")
                .append(largest(measured))
                .append(registers(measured))
                .append(most(measured, Measured::sharedBytes))
                .append(" | ")
                .append(measured.stream()
                        .mapToInt(one -> one.usage().spillBytes())
                        .sum())
                .append(" |\n"));
        return text.toString();
    }

    private static String largest(List<Measured> measured) {
        return measured.stream()
                .max(Comparator.comparingInt(one -> one.usage().registers()))
                .map(one -> one.usage().kernel() + " " + String.join(" ", one.defines()))
                .orElse("");
    }

    private static String registers(List<Measured> measured) {
        return ARCHITECTURES.stream()
                .map(architecture -> measured.stream()
                        .filter(one -> one.usage().architecture().equals(architecture))
                        .toList())
                .map(of -> Integer.toString(most(of, one -> one.usage().registers())))
                .collect(Collectors.joining(" | ", " | ", " | "));
    }

    private static int most(List<Measured> measured, ToIntFunction<Measured> what) {
        return measured.stream().mapToInt(what).max().orElse(0);
    }
}
