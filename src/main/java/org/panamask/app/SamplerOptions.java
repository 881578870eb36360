package org.panamask.app;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.config.Section;
import org.panamask.config.Setting;
import org.panamask.config.SettingException;
import org.panamask.config.SettingType;
import org.panamask.config.Settings;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerSettings;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Gives a command an option for every key of the samplers, and for every other name of a key: `--gen-length` for
/// `gen_length`.
final class SamplerOptions implements IModelTransformer {
    private static final String SAMPLER = "--sampler";

    /// The keys whose options `--help` shows; with all of them it would be five screens long.
    private static final Set<String> SHOWN = Set.of(
            "steps", "length", "gen_length", "block_length", "temperature", "top_p", "top_k", "threshold", "seed");

    /// Made by picocli.
    SamplerOptions() {}

    /// A key and what it means to each sampler that has it.
    ///
    /// @param setting the key
    /// @param meanings in words
    private record Described(Setting setting, List<String> meanings) {}

    private static Map<String, Section> sections() {
        Map<String, Section> sections = new LinkedHashMap<>();
        sections.put("ddm", Section.of(DdmSettings.class));
        sections.put("block", Section.of(BlockSettings.class));
        return sections;
    }

    @Override
    public CommandSpec transform(CommandSpec spec) {
        spec.addOption(OptionSpec.builder(SAMPLER)
                .type(String.class)
                .paramLabel("KIND")
                .description("ddm, or block for decoding by blocks (default: as the model's family does)")
                .build());
        Map<String, Described> described = new LinkedHashMap<>();
        sections()
                .forEach((mode, section) -> section.settings()
                        .forEach(setting -> described
                                .computeIfAbsent(setting.name(), _ -> new Described(setting, new ArrayList<>()))
                                .meanings()
                                .add(setting.doc() + " (sampler " + mode + ")")));
        described.values().forEach(one -> option(spec, one.setting(), one.meanings()));
        spec.usageMessage()
                .footer("Every other key that 'panamask recipe sample' explains is an option too: --order VALUE for"
                        + " sample.order.");
        return spec;
    }

    private static void option(CommandSpec spec, Setting setting, List<String> descriptions) {
        List<String> names = Stream.concat(
                        Stream.of(setting.name()), setting.aliases().stream().map(Setting.OtherName::name))
                .map(SamplerOptions::written)
                .distinct()
                .filter(name -> !spec.optionsMap().containsKey(name))
                .toList();
        if (names.isEmpty()) {
            return;
        }
        for (String name : names) {
            boolean flag = setting.type() instanceof SettingType.Flag
                    || setting.alias(key(name))
                            .map(alias -> !alias.meaning().isEmpty())
                            .orElse(false);
            boolean own = name.equals(written(setting.name()));
            spec.addOption(OptionSpec.builder(name)
                    .type(String.class)
                    .paramLabel(flag ? "true|false" : "VALUE")
                    .arity(flag ? "0..1" : "1")
                    .fallbackValue("true")
                    .hidden(!own || !SHOWN.contains(setting.name()))
                    .description(
                            own
                                    ? String.join("; or ", descriptions) + others(setting)
                                    : "another name of " + written(setting.name()))
                    .build());
        }
    }

    private static String others(Setting setting) {
        return setting.aliases().isEmpty()
                ? ""
                : "; also "
                        + setting.aliases().stream()
                                .map(alias -> written(alias.name()))
                                .collect(Collectors.joining(", "));
    }

    private static String written(String key) {
        return "--" + key.replace('_', '-');
    }

    private static String key(String option) {
        return option.substring(2).replace('-', '_');
    }

    /// The settings that the arguments of `spec` ask for, over those that the model's family is used to.
    ///
    /// @throws SettingException if an option belongs to the other sampler, is given under two names, or does not
    ///     take its value
    static SamplerSettings read(CommandSpec spec, SamplerSettings usual) {
        Map<String, String> given = new LinkedHashMap<>();
        Optional.ofNullable(spec.commandLine().getParseResult())
                .ifPresent(result -> result.matchedOptions().forEach(option -> {
                    Object value = option.getValue();
                    if (option.longestName().startsWith("--") && value instanceof String text) {
                        given.put(key(option.longestName()), text);
                    }
                }));
        boolean block = isBlock(Optional.ofNullable(given.remove(key(SAMPLER))), usual);
        Section section = Section.of(block ? BlockSettings.class : DdmSettings.class);
        Map<String, String> keys = new LinkedHashMap<>();
        given.forEach((key, text) -> {
            Optional<Setting> setting = section.find(key).or(() -> section.known(key));
            setting.ifPresentOrElse(known -> keys.put(key, list(known, text)), () -> requireForeign(key, block));
        });
        if (block) {
            return Settings.of(BlockSettings.class, keys);
        }
        keys.putIfAbsent("temperature", "0");
        DdmSettings ddm = Settings.of(DdmSettings.class, keys);
        return ddm.temperature() > 0 && !keys.containsKey("choice")
                ? ddm.with("choice", DdmSettings.Choice.SAMPLE)
                : ddm;
    }

    private static boolean isBlock(Optional<String> kind, SamplerSettings usual) {
        return switch (kind.orElse(usual instanceof BlockSettings ? "block" : "ddm")) {
            case "ddm" -> false;
            case "block" -> true;
            case String other -> throw new SettingException("--sampler must be ddm or block, but got '" + other + "'");
        };
    }

    /// An option of the other sampler is refused; one that is no sampler's belongs to the command.
    private static void requireForeign(String key, boolean block) {
        sections().forEach((mode, section) -> {
            if (section.find(key).isPresent() || section.known(key).isPresent()) {
                String here = block ? "block" : "ddm";
                throw new SettingException(written(key) + " is an option of the sampler " + mode
                        + ", but this model's is " + here + "; leave it out, or add --sampler " + mode);
            }
        });
    }

    /// Lists may be written without brackets.
    private static String list(Setting setting, String text) {
        boolean bare = setting.type() instanceof SettingType.TextList && !text.startsWith("[");
        boolean truth = text.equals("true") || text.equals("false");
        return bare && !truth ? "[" + text + "]" : text;
    }
}
