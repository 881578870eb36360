package org.panamask.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// Numbers for some modules, as `rank_pattern` and `alpha_pattern` give them: a regular expression that the last parts
/// of a module path must match, and the number. The first expression that matches counts.
public final class ModulePatterns {
    private final Map<String, Double> numbers;
    private final List<ModulePattern> patterns = new ArrayList<>();

    private ModulePatterns(Map<String, Double> numbers, String key) {
        this.numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
        this.numbers.keySet().forEach(expression -> patterns.add(ModulePattern.ending(key, expression)));
    }

    /// No module has a number of its own.
    public static ModulePatterns none() {
        return of("pattern", Map.of());
    }

    /// The given numbers by expression, tried in the order of the map; `key` is what messages call the setting,
    /// such as `adapter_config.json: rank_pattern`.
    ///
    /// @throws CheckpointException if an expression is none or too long
    public static ModulePatterns of(String key, Map<String, ? extends Number> numbers) {
        Map<String, Double> doubles = new LinkedHashMap<>();
        numbers.forEach((expression, number) -> doubles.put(expression, number.doubleValue()));
        return new ModulePatterns(doubles, key);
    }

    /// The number of the module at `path`, if it has one of its own.
    public OptionalDouble number(String path) {
        int index = 0;
        for (double number : numbers.values()) {
            if (patterns.get(index++).matches(path)) {
                return OptionalDouble.of(number);
            }
        }
        return OptionalDouble.empty();
    }

    /// The expressions that match none of `paths`.
    public List<String> unmatched(List<String> paths) {
        List<String> expressions = List.copyOf(numbers.keySet());
        return IntStream.range(0, expressions.size())
                .filter(index -> paths.stream().noneMatch(patterns.get(index)::matches))
                .mapToObj(expressions::get)
                .toList();
    }

    /// The numbers by expression.
    public Map<String, Double> numbers() {
        return numbers;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModulePatterns that && numbers.equals(that.numbers);
    }

    @Override
    public int hashCode() {
        return numbers.hashCode();
    }

    /// The numbers by expression.
    @Override
    public String toString() {
        return numbers.toString();
    }
}
