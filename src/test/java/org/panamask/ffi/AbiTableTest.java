package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The committed bindings are those of the tables, and load where the libraries are absent.
class AbiTableTest {
    private static final Map<Class<?>, String> LETTERS = Map.of(
            int.class, "i",
            long.class, "l",
            float.class, "f",
            double.class, "d",
            boolean.class, "b",
            byte.class, "c",
            short.class, "s",
            void.class, "v",
            MemorySegment.class, "p");

    @ParameterizedTest
    @CsvSource({
        "cuda, Cuda",
        "nvrtc, Nvrtc",
        "cublaslt, CublasLt",
        "cublas, Cublas",
        "cudnn, Cudnn",
        "nccl, Nccl",
        "flashattn, FlashAttn"
    })
    void bindingsHaveWhatTheTableSays(String library, String header) throws ReflectiveOperationException {
        AbiTable table = AbiTable.read(library);
        Class<?> bindings = Class.forName("org.panamask.bindings." + library + "." + header);
        Map<String, Method> methods = new HashMap<>();
        for (Class<?> type : List.of(bindings, bindings.getSuperclass())) {
            Arrays.stream(type.getDeclaredMethods()).forEach(method -> methods.put(method.getName(), method));
        }

        assertThat(table.functions()).isNotEmpty();
        for (AbiTable.Function function : table.functions()) {
            assertThat(methods).as(library).containsKey(function.name());
            assertThat(letters(methods.get(function.name())))
                    .as(function.name())
                    .isEqualTo(function.letters().replace('S', 'p'));
        }
        for (AbiTable.Constant constant : table.constants()) {
            assertThat(methods).as(library).containsKey(constant.name());
            Number value = (Number) methods.get(constant.name()).invoke(null);
            assertThat(value.longValue()).as(constant.name()).isEqualTo(constant.value());
        }
        for (AbiTable.Struct struct : table.structs()) {
            Class<?> type = Class.forName("org.panamask.bindings." + library + "." + struct.name());
            assertThat(Arrays.stream(type.getDeclaredMethods()).map(Method::getName))
                    .as(struct.name())
                    .containsAll(
                            struct.fields().stream().map(AbiTable.Field::name).toList());
        }
    }

    private static String letters(Method method) {
        return Arrays.stream(method.getParameterTypes()).map(LETTERS::get).collect(Collectors.joining())
                + ":"
                + LETTERS.get(method.getReturnType());
    }
}
