package org.panamask.verify;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.panamask.checkpoint.Safetensors;
import org.panamask.checkpoint.WeightSource;
import tools.jackson.databind.JsonNode;

/// One golden case: parameters, inputs, and what must come out.
public final class FixtureCase implements GoldenCase {
    private static final Pattern SKIPPED = Pattern.compile("skip elements \\[(\\d{1,9}),(\\d{1,9})\\)");

    private final Path family;
    private final JsonNode json;

    private FixtureCase(Path family, JsonNode json) {
        this.family = family;
        this.json = json;
    }

    static FixtureCase of(Path family, JsonNode json) {
        return new FixtureCase(family, json);
    }

    @Override
    public String name() {
        return json.path("case").asString();
    }

    @Override
    public String kind() {
        return json.path("kind").asString();
    }

    /// The folder of its model; empty where it needs none.
    public Optional<Path> model() {
        return text(json.path("model")).map(name -> family.resolve("models").resolve(name));
    }

    @Override
    public boolean isDouble() {
        for (JsonNode entry : json.path("expected")) {
            if (entry.path("dtype").asString("").equals("F64")) {
                return true;
            }
        }
        return name().contains("-f64-");
    }

    private static Optional<String> text(JsonNode node) {
        return node.isString() ? Optional.of(node.asString()) : Optional.empty();
    }

    JsonNode parameter(String name) {
        JsonNode value = json.path("params").path(name);
        if (value.isMissingNode()) {
            throw new FixtureException(name() + ": parameter " + name + " is needed, but the case has none");
        }
        return value;
    }

    /// A path inside the family's folder.
    Path resolve(String relative) {
        return family.resolve(relative);
    }

    boolean hasInput(String name) {
        return json.path("inputs").has(name);
    }

    List<String> inputNames() {
        return List.copyOf(json.path("inputs").propertyNames());
    }

    JsonNode inputValue(String name) {
        return json.path("inputs").path(name).path("value");
    }

    int[] ints(String input) {
        return read(entry("inputs", input), WeightSource::ints);
    }

    double[] doubles(String input) {
        return read(entry("inputs", input), WeightSource::doubles);
    }

    long[] shape(String input) {
        return read(entry("inputs", input), source -> source.shape().toArray());
    }

    /// What must come out under `name`, if the case says anything of it.
    Optional<Expected> expected(String name) {
        return json.path("expected").has(name) ? Optional.of(expectation(name)) : Optional.empty();
    }

    List<String> expectedNames() {
        return List.copyOf(json.path("expected").propertyNames());
    }

    /// The raw value under `name`.
    JsonNode expectedValue(String name) {
        return json.path("expected").path(name).path("value");
    }

    /// What must come out, and how near.
    static final class Expected {
        private final String name;
        private final double[] values;
        private final double absolute;
        private final double relative;
        private final BitSet skipped;

        private Expected(String name, double[] values, JsonNode entry) {
            this.name = name;
            this.values = values;
            this.absolute = entry.path("atol").asDouble(0);
            this.relative = entry.path("rtol").asDouble(0);
            this.skipped = skipped(entry.path("compare").asString(""));
        }

        private static BitSet skipped(String rule) {
            BitSet skipped = new BitSet();
            Matcher ranges = SKIPPED.matcher(rule);
            while (ranges.find()) {
                skipped.set(Integer.parseInt(ranges.group(1)), Integer.parseInt(ranges.group(2)));
            }
            return skipped;
        }

        /// Whether element `n` is compared: not where the case says that any number is right.
        boolean counts(int n) {
            return !skipped.get(n);
        }

        String name() {
            return name;
        }

        double[] values() {
            return values;
        }

        double tolerance(int n) {
            return absolute + relative * Math.abs(values[n]);
        }
    }

    private Expected expectation(String name) {
        JsonNode entry = entry("expected", name);
        return new Expected(name, numbers(entry), entry);
    }

    private double[] numbers(JsonNode entry) {
        if (entry.has("tensor")) {
            return read(
                    entry,
                    source -> source.dtype().isFloat()
                            ? source.doubles()
                            : Arrays.stream(source.ints()).asDoubleStream().toArray());
        }
        JsonNode value = entry.path("value");
        if (!value.isArray()) {
            return new double[] {value.asDouble()};
        }
        List<Double> numbers = new ArrayList<>();
        value.forEach(one -> numbers.add(one.asDouble()));
        return numbers.stream().mapToDouble(one -> one).toArray();
    }

    private JsonNode entry(String part, String name) {
        JsonNode entry = json.path(part).path(name);
        if (entry.isMissingNode()) {
            throw new FixtureException(name() + ": " + part + " " + name + " is needed, but the case has none");
        }
        return entry;
    }

    /// What `reader` makes of a tensor of the case's file, which is open meanwhile only.
    private <T> T read(JsonNode entry, Function<WeightSource, T> reader) {
        Path path = family.resolve("cases").resolve(json.path("tensors").asString());
        try (Safetensors file = Safetensors.open(path)) {
            return reader.apply(file.tensor(entry.path("tensor").asString()));
        }
    }
}
