package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The tables of `bindings/abi` say what the vendor's headers say, where those and a C++ compiler are installed: in the
/// folders of the property `panamask.headers`, in `include` below `CUDA_HOME`, or in the usual place.
class VendorHeadersTest {
    /// Turns the types of a header into the letters of the tables, so that the compiler compares them.
    private static final String LETTERS = """
            #include <cstddef>
            #include <type_traits>
            template <class T> constexpr char letter() {
                if constexpr (std::is_void_v<T>) return 'v';
                else if constexpr (std::is_pointer_v<T>) return 'p';
                else if constexpr (std::is_same_v<T, bool>) return 'b';
                else if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? 'f' : 'd';
                else if constexpr (std::is_class_v<T>) return 'S';
                else return sizeof(T) == 8 ? 'l' : sizeof(T) == 4 ? 'i' : sizeof(T) == 2 ? 's' : 'c';
            }
            template <class R, class... A> constexpr bool same(R (*)(A...), const char *want) {
                const char got[] = {letter<A>()..., ':', letter<R>(), 0};
                for (size_t n = 0; n < sizeof(got); n++) if (got[n] != want[n]) return false;
                return true;
            }
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "cuda, cuda.h",
        "nvrtc, nvrtc.h",
        "cublaslt, cublasLt.h",
        "cublas, cublas_v2.h",
        "cudnn, cudnn_graph.h",
        "nccl, nccl.h"
    })
    void tableAgreesWithHeader(String library, String header) throws IOException, InterruptedException {
        List<Path> includes = includes();
        assumeTrue(
                includes.stream().anyMatch(path -> Files.isRegularFile(path.resolve(header))),
                () -> header + " is not installed; name its folder in the property panamask.headers");
        Optional<Path> compiler = compiler();
        assumeTrue(compiler.isPresent(), "g++ is not installed");

        Path source = Files.writeString(folder.resolve(library + ".cpp"), source(AbiTable.read(library), header));
        List<String> command =
                new ArrayList<>(List.of(compiler.get().toString(), "-std=c++17", "-fsyntax-only", source.toString()));
        includes.forEach(path -> command.add("-I" + path));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());

        assertThat(process.waitFor()).as(output).isZero();
    }

    private static String source(AbiTable table, String header) {
        StringBuilder source = new StringBuilder(LETTERS + "#include <" + header + ">\n");
        for (AbiTable.Function function : table.functions()) {
            source.append("static_assert(same(&%s, \"%s\"), \"%s\");\n"
                    .formatted(function.name(), function.letters(), function.name()));
        }
        for (AbiTable.Constant constant : table.constants()) {
            source.append("static_assert(static_cast<long long>(%s) == %dLL, \"%s\");\n"
                    .formatted(constant.name(), constant.value(), constant.name()));
        }
        table.structs().forEach(struct -> source.append(compared(struct)));
        return source.toString();
    }

    /// Size and offsets, against a struct made from the table.
    private static String compared(AbiTable.Struct struct) {
        String own = "own_" + struct.name();
        StringBuilder source = new StringBuilder("struct " + own + " { ");
        for (AbiTable.Field field : struct.fields()) {
            source.append(type(field.type()) + " " + field.name() + field.count() + "; ");
        }
        source.append("};\nstatic_assert(sizeof(%s) == sizeof(%s), \"size of %s\");\n"
                .formatted(own, struct.name(), struct.name()));
        for (AbiTable.Field field : struct.fields()) {
            source.append("static_assert(offsetof(%s, %s) == offsetof(%s, %s), \"%s.%s\");\n"
                    .formatted(own, field.name(), struct.name(), field.name(), struct.name(), field.name()));
        }
        return source.toString();
    }

    private static String type(String letter) {
        return switch (letter) {
            case "i" -> "int";
            case "l" -> "long long";
            case "f" -> "float";
            case "d" -> "double";
            case "b" -> "bool";
            case "c" -> "signed char";
            case "s" -> "short";
            case "p" -> "void *";
            default -> letter;
        };
    }

    private static List<Path> includes() {
        Stream<Path> named = Stream.of(
                        System.getProperty("panamask.headers", "").split(File.pathSeparator))
                .filter(path -> !path.isEmpty())
                .map(Path::of);
        Stream<Path> usual =
                Stream.of(Path.of(System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda"), "include"));
        return Stream.concat(named, usual).filter(Files::isDirectory).toList();
    }

    private static Optional<Path> compiler() {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(path -> Path.of(path, "g++"))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
