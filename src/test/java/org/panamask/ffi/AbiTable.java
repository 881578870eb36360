package org.panamask.ffi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A table of `bindings/abi`, whose README says what its lines mean.
record AbiTable(List<Function> functions, List<Constant> constants, List<Struct> structs) {
    /// `parameters` and `result` are types as the table writes them.
    record Function(String name, List<String> parameters, String result) {
        /// Parameters and result as letters, `S` for a struct by value.
        String letters() {
            StringBuilder letters = new StringBuilder();
            parameters.forEach(type -> letters.append(type.startsWith("{") ? "S" : type));
            return letters.append(':').append(result).toString();
        }
    }

    record Constant(String name, long value) {}

    record Struct(String name, List<Field> fields) {}

    /// `count` is empty, or the extent in brackets.
    record Field(String name, String type, String count) {}

    static AbiTable read(String library) {
        AbiTable table = new AbiTable(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        try {
            Files.readAllLines(Path.of("bindings/abi", library + ".abi")).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .forEach(table::add);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return table;
    }

    private void add(String line) {
        String[] words = line.split("\\s+");
        switch (words[0]) {
            case "fn" -> functions.add(function(words[1]));
            case "const" -> constants.add(new Constant(words[1], Long.parseLong(words[2])));
            case "struct" ->
                structs.add(new Struct(
                        words[1],
                        Arrays.stream(words).skip(2).map(AbiTable::field).toList()));
            default -> throw new IllegalArgumentException(line);
        }
    }

    private static Function function(String text) {
        int open = text.indexOf('(');
        int close = text.indexOf(')');
        String inside = text.substring(open + 1, close);
        List<String> parameters = inside.isEmpty() ? List.of() : Arrays.asList(inside.split(","));
        return new Function(text.substring(0, open), parameters, text.substring(close + 1));
    }

    private static Field field(String text) {
        int colon = text.indexOf(':');
        int bracket = text.indexOf('[');
        int end = bracket < 0 ? text.length() : bracket;
        return new Field(text.substring(0, colon), text.substring(colon + 1, end), text.substring(end));
    }
}
