package org.panamask.verify;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.panamask.checkpoint.Safetensors;
import org.panamask.checkpoint.WeightSource;
import tools.jackson.databind.JsonNode;

/// One golden case of the family `samplers`, whose files `KIND.json` hold many. Arrays stand in the file itself, or a
/// text names a tensor of the file of tensors beside it: [#doubles], [#ints] and [#shape] take either.
public final class SamplerCase implements GoldenCase {
    private final Path family;
    private final String kind;
    private final Optional<Path> tensors;
    private final JsonNode json;

    private SamplerCase(Path family, String kind, Optional<Path> tensors, JsonNode json) {
        this.family = family;
        this.kind = kind;
        this.tensors = tensors;
        this.json = json;
    }

    /// The cases of one file, whose parsed content is `file`.
    static List<SamplerCase> of(Path path, JsonNode file) {
        Path family = path.resolveSibling("");
        String name = String.valueOf(path.getFileName());
        String kind = name.substring(0, name.length() - ".json".length());
        Optional<Path> tensors = text(file.path("tensors_file")).map(path::resolveSibling);
        List<SamplerCase> cases = new ArrayList<>();
        file.path("cases").forEach(one -> cases.add(new SamplerCase(family, kind, tensors, one)));
        return cases;
    }

    private static Optional<String> text(JsonNode node) {
        return node.isString() ? Optional.of(node.asString()) : Optional.empty();
    }

    /// The file and its own name in it, such as `llada_loss#sft`.
    @Override
    public String name() {
        return kind + "#" + id();
    }

    /// The file that it stands in, such as `llada_loss`.
    @Override
    public String kind() {
        return kind;
    }

    @Override
    public boolean isDouble() {
        return false;
    }

    /// Its name among the cases of its file.
    public String id() {
        return json.path("id").asString();
    }

    /// The folder of its model; empty where it needs none.
    public Optional<Path> model() {
        return text(json.path("model")).map(family::resolve);
    }

    /// The code that the case was made with; empty text where it does not say.
    String reference() {
        return text(json.path("reference")).orElse("");
    }

    /// The setting `name`; a missing node where the case has none.
    JsonNode setting(String name) {
        return json.path("settings").path(name);
    }

    /// All settings, an object; a missing node where the case has none.
    JsonNode settings() {
        return json.path("settings");
    }

    /// The input `name`; a missing node where the case has none.
    JsonNode input(String name) {
        return json.path("inputs").path(name);
    }

    /// The given random numbers `name`; a missing node where the case has none.
    JsonNode noise(String name) {
        return json.path("noise").path(name);
    }

    /// What must come out under `name`; a missing node where the case says nothing of it.
    JsonNode output(String name) {
        return json.path("outputs").path(name);
    }

    /// All that must come out.
    JsonNode outputs() {
        return json.path("outputs");
    }

    /// The tolerance `key`, such as `loss_rel`; 0 where the case names none, and for `exact`.
    double tolerance(String key) {
        return json.path("tolerance").path(key).asDouble(0);
    }

    /// The numbers of `value`, one after another.
    double[] doubles(JsonNode value) {
        return named(value)
                .map(name -> read(
                        name,
                        source -> source.dtype().isFloat()
                                ? source.doubles()
                                : Arrays.stream(source.ints()).asDoubleStream().toArray()))
                .orElseGet(
                        () -> leaves(value).stream().mapToDouble(this::number).toArray());
    }

    /// The whole numbers of `value`, one after another.
    int[] ints(JsonNode value) {
        return named(value)
                .map(name -> read(name, WeightSource::ints))
                .orElseGet(() -> leaves(value).stream().mapToInt(this::whole).toArray());
    }

    /// The extents of `value`; none for a single number.
    long[] shape(JsonNode value) {
        return named(value)
                .map(name -> read(name, source -> source.shape().toArray()))
                .orElseGet(() -> inline(value));
    }

    private static long[] inline(JsonNode value) {
        List<Long> extents = new ArrayList<>();
        JsonNode level = value;
        while (level.isArray()) {
            extents.add((long) level.size());
            level = level.path(0);
        }
        return extents.stream().mapToLong(one -> one).toArray();
    }

    private Optional<String> named(JsonNode value) {
        if (value.isMissingNode()) {
            throw new FixtureException(name() + ": a value is needed, but the case has none");
        }
        return text(value);
    }

    private static List<JsonNode> leaves(JsonNode value) {
        if (!value.isArray()) {
            return List.of(value);
        }
        List<JsonNode> leaves = new ArrayList<>();
        value.forEach(one -> leaves.addAll(leaves(one)));
        return leaves;
    }

    private double number(JsonNode leaf) {
        if (!leaf.isNumber()) {
            throw new FixtureException(name() + ": arrays must be of numbers, but got " + leaf);
        }
        return leaf.asDouble();
    }

    private int whole(JsonNode leaf) {
        if (!leaf.isIntegralNumber() || !leaf.canConvertToInt()) {
            throw new FixtureException(name() + ": arrays of ids must be of whole numbers, but got " + leaf);
        }
        return leaf.intValue();
    }

    /// What `reader` makes of a tensor of the case's file, which is open meanwhile only.
    private <T> T read(String tensor, Function<WeightSource, T> reader) {
        Path file = tensors.orElseThrow(() -> new FixtureException(
                name() + ": " + tensor + " must be a tensor, but the file of cases names no file of tensors"));
        try (Safetensors opened = Safetensors.open(file)) {
            return reader.apply(opened.tensor(tensor));
        }
    }
}
