package org.panamask.backend.cuda;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.panamask.tensor.DType;

/// The kernels of one source at one specialisation: what is compiled and loaded together.
///
/// @param name the source is `kernels/NAME.cu`
/// @param defines macros that are set while it is compiled, by name
record Family(String name, SortedMap<String, String> defines) {
    /// Copies the macros.
    Family {
        defines = Collections.unmodifiableSortedMap(new TreeMap<>(defines));
    }

    /// The family for activations of `dtype`.
    static Family of(String name, DType dtype) {
        return new Family(name, new TreeMap<>()).with("PMK_T", type(dtype));
    }

    /// The family that reads elements of `from` and writes those of `to`.
    static Family between(String name, DType from, DType to) {
        return new Family(name, new TreeMap<>()).with("PMK_FROM", type(from)).with("PMK_TO", type(to));
    }

    /// The same with one more macro.
    Family with(String macro, String value) {
        SortedMap<String, String> more = new TreeMap<>(defines);
        more.put(macro, value);
        return new Family(name, more);
    }

    /// The compiler's options.
    List<String> options() {
        return defines.entrySet().stream()
                .map(define -> "-D" + define.getKey() + "=" + define.getValue())
                .toList();
    }

    /// What kernels call `dtype`.
    static String type(DType dtype) {
        return switch (dtype) {
            case F64 -> "double";
            case F32 -> "float";
            case BF16 -> "bf16";
            case F16 -> "f16";
            case F8_E4M3 -> "e4m3";
            case F8_E5M2 -> "e5m2";
            case I64, I32, I16, I8, U8, BOOL ->
                throw new IllegalArgumentException("kernels have no activations of " + dtype);
        };
    }

    @Override
    public String toString() {
        return name + defines;
    }
}
