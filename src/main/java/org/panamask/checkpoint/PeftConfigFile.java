package org.panamask.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// Reads and writes `adapter_config.json`.
final class PeftConfigFile {
    /// The layout of this release of peft is the one we write; its own files say so in the same field.
    private static final String PEFT_VERSION = "0.21.0";

    private static final Set<String> READ = Set.of(
            "peft_type",
            "r",
            "lora_alpha",
            "lora_dropout",
            "target_modules",
            "modules_to_save",
            "bias",
            "fan_in_fan_out",
            "use_rslora",
            "use_dora",
            "rank_pattern",
            "alpha_pattern",
            "base_model_name_or_path");
    /// Settings that change what an adapter computes or which tensors it has.
    private static final List<String> UNSUPPORTED = List.of(
            "use_dora",
            "lora_bias",
            "use_qalora",
            "use_bdlora",
            "layer_replication",
            "alora_invocation_tokens",
            "arrow_config",
            "kasa_config",
            "target_parameters",
            "trainable_token_indices");
    /// Initialisations that leave the base weights as they are; the others subtract from them.
    private static final Set<String> PLAIN_STARTS = Set.of("gaussian", "eva", "orthogonal");

    private PeftConfigFile() {}

    static PeftConfig read(Path file) {
        ModelConfig json = ModelConfig.read(file);
        requirePlainLora(json);
        PeftScaling scaling = new PeftScaling(
                json.requireInt("r"),
                json.requireDouble("lora_alpha"),
                json.booleanOr("use_rslora", false),
                patterns(json, "rank_pattern"),
                patterns(json, "alpha_pattern"));
        return new PeftConfig(
                scaling,
                targets(json),
                json.strings("modules_to_save"),
                json.doubleOr("lora_dropout", 0),
                json.booleanOr("fan_in_fan_out", false),
                json.stringOr("base_model_name_or_path", ""),
                json.others(READ));
    }

    static void write(Path file, PeftConfig config) {
        byte[] json = JsonText.MAPPER
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(json(config))
                .getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(file, channel -> writeFully(channel, ByteBuffer.wrap(json)));
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void requirePlainLora(ModelConfig json) {
        List<String> faults = new ArrayList<>();
        if (!json.stringOr("peft_type", "").equals("LORA")) {
            faults.add("peft_type " + json.shown("peft_type"));
        }
        if (!json.stringOr("bias", "none").equals("none")) {
            faults.add("bias " + json.shown("bias"));
        }
        for (String key : UNSUPPORTED) {
            if (!List.of("nothing", "null", "false", "[]", "{}").contains(json.shown(key))) {
                faults.add(key + " " + json.shown(key));
            }
        }
        String start = json.shown("init_lora_weights");
        if (start.startsWith("\"") && !PLAIN_STARTS.contains(json.requireString("init_lora_weights"))) {
            faults.add("init_lora_weights " + start);
        }
        if (!faults.isEmpty()) {
            throw new CheckpointException(json.file()
                    + ": the adapter must be plain LoRA (peft_type \"LORA\", bias \"none\", no variant of it), but got "
                    + String.join(", ", faults) + "; convert it with peft or train it again");
        }
    }

    private static PeftTargets targets(ModelConfig json) {
        if (!json.has("target_modules")) {
            throw json.refused("target_modules", "a list of module names or one regular expression");
        }
        List<String> texts = json.strings("target_modules");
        if (json.isList("target_modules")) {
            return PeftTargets.Names.of(texts);
        }
        String text = texts.getFirst();
        return text.equals(PeftTargets.AllLinear.TEXT) ? new PeftTargets.AllLinear() : new PeftTargets.Expression(text);
    }

    private static ModulePatterns patterns(ModelConfig json, String key) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        json.object(key).ifPresent(object -> {
            for (String expression : object.keys()) {
                numbers.put(expression, object.requireDouble(expression));
            }
        });
        return ModulePatterns.of(PeftConfig.FILE + ": " + key, numbers);
    }

    private static ObjectNode json(PeftConfig config) {
        ObjectNode json = JsonText.MAPPER.createObjectNode();
        json.put("task_type", "CAUSAL_LM").put("inference_mode", true).put("init_lora_weights", true);
        if (JsonText.MAPPER.readTree(config.others()) instanceof ObjectNode others) {
            json.setAll(others);
        }
        json.put("peft_type", "LORA").put("peft_version", PEFT_VERSION);
        json.put("r", config.scaling().rank());
        put(json, "lora_alpha", config.scaling().alpha());
        json.put("lora_dropout", config.dropout());
        json.put("bias", "none").put("use_dora", false);
        json.put("use_rslora", config.scaling().rankStabilised());
        json.put("fan_in_fan_out", config.fanInFanOut());
        switch (config.targets()) {
            case PeftTargets.Names(Set<String> names) -> names.forEach(json.putArray("target_modules")::add);
            case PeftTargets.Expression(String text) -> json.put("target_modules", text);
            case PeftTargets.AllLinear() -> json.put("target_modules", PeftTargets.AllLinear.TEXT);
        }
        if (config.modulesToSave().isEmpty()) {
            json.putNull("modules_to_save");
        } else {
            config.modulesToSave().forEach(json.putArray("modules_to_save")::add);
        }
        putAll(json.putObject("rank_pattern"), config.scaling().ranks());
        putAll(json.putObject("alpha_pattern"), config.scaling().alphas());
        if (config.baseModel().isEmpty()) {
            json.putNull("base_model_name_or_path");
        } else {
            json.put("base_model_name_or_path", config.baseModel());
        }
        return json;
    }

    private static void putAll(ObjectNode json, ModulePatterns patterns) {
        patterns.numbers().forEach((expression, number) -> put(json, expression, number));
    }

    /// Whole numbers without a point: peft declares them as integers.
    private static void put(ObjectNode json, String key, double number) {
        if (number == (int) number) {
            json.put(key, (int) number);
        } else {
            json.put(key, number);
        }
    }
}
