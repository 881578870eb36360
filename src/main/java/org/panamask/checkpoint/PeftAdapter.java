package org.panamask.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.panamask.tensor.DType;

/// A LoRA adapter folder as peft lays it out: `adapter_config.json` and `adapter_model.safetensors`. Names are those of
/// the Hugging Face model whichever of the two namings the file uses; see [WrapperNaming].
public final class PeftAdapter implements AutoCloseable {
    private static final String WEIGHTS = "adapter_model.safetensors";

    private final PeftConfig config;
    private final PeftWeights weights;
    private final Safetensors file;

    private PeftAdapter(PeftConfig config, PeftWeights weights, Safetensors file) {
        this.config = config;
        this.weights = weights;
        this.file = file;
    }

    /// Reads the settings of `folder` and maps its weights. `naming` is that of the model's family.
    ///
    /// @throws CheckpointException if a file is missing or cannot be read, a setting is not supported, or a
    /// tensor is
    /// unknown, missing or of the wrong shape
    public static PeftAdapter open(Path folder, WrapperNaming naming) {
        for (String name : List.of(PeftConfig.FILE, WEIGHTS)) {
            if (!Files.exists(folder.resolve(name))) {
                throw new CheckpointException(folder + ": an adapter folder holds " + PeftConfig.FILE + " and "
                        + WEIGHTS + ", but " + name + " is not there; check the path");
            }
        }
        PeftConfig config = PeftConfigFile.read(folder.resolve(PeftConfig.FILE));
        Safetensors file = Safetensors.open(folder.resolve(WEIGHTS));
        boolean opened = false;
        try {
            List<WeightSource> tensors =
                    file.entries().values().stream().map(file::tensor).toList();
            PeftWeights stored = PeftTensors.sort(file.file(), config, tensors);
            PeftWeights plain = plain(stored, naming);
            PeftAdapter adapter = new PeftAdapter(plainConfig(config, stored, naming), plain, file);
            opened = true;
            return adapter;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /// Writes an adapter in 32-bit floats under Hugging Face names, the weights first and the settings
    /// last: a folder
    /// with settings is whole. Write over an older adapter only where losing it does not matter.
    ///
    /// @throws CheckpointException if a tensor does not fit `config`, or the file system refuses
    public static void write(Path folder, PeftConfig config, PeftWeights weights) {
        write(folder, config, weights, UnaryOperator.identity());
    }

    /// The same under the names that `naming` gives, such as [WrapperNaming#toWrapper]. Names in `config`
    /// are written
    /// as they are and must fit the names given.
    ///
    /// @throws CheckpointException if a tensor does not fit `config`, or the file system refuses
    public static void write(Path folder, PeftConfig config, PeftWeights weights, UnaryOperator<String> naming) {
        List<WeightSource> tensors = new ArrayList<>();
        weights.modules().forEach((module, pair) -> {
            tensors.add(single(pair.a(), PeftTensors.PREFIX + naming.apply(module + PeftTensors.A)));
            tensors.add(single(pair.b(), PeftTensors.PREFIX + naming.apply(module + PeftTensors.B)));
        });
        weights.saved().forEach((name, source) -> tensors.add(single(source, PeftTensors.PREFIX + naming.apply(name))));
        PeftTensors.sort(WEIGHTS, config, tensors);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw CheckpointException.unwritable(folder, e);
        }
        SafetensorsWriter.write(folder.resolve(WEIGHTS), SafetensorsWriter.PYTORCH, tensors);
        PeftConfigFile.write(folder.resolve(PeftConfig.FILE), config);
    }

    /// What the settings say, in terms of Hugging Face names.
    public PeftConfig config() {
        return config;
    }

    /// The tensors, mapped and in the type they are stored in; valid until this adapter is closed.
    public PeftWeights weights() {
        return weights;
    }

    /// A and B by module path, such as `model.layers.0.self_attn.q_proj`.
    public Map<String, LoraPair> modules() {
        return weights.modules();
    }

    /// Whole tensors by name, such as `model.embed_tokens.weight`.
    public Map<String, WeightSource> saved() {
        return weights.saved();
    }

    /// Unmaps the weights. Closing twice does nothing.
    @Override
    public void close() {
        file.close();
    }

    private static WeightSource single(WeightSource source, String name) {
        return source.dtype() == DType.F32
                ? source.named(name)
                : WeightSource.of(name, source.shape(), source.floats());
    }

    private static PeftWeights plain(PeftWeights stored, WrapperNaming naming) {
        List<WeightSource> renamed = new ArrayList<>();
        Map<String, LoraPair> modules = new LinkedHashMap<>();
        stored.modules().forEach((module, pair) -> {
            String path = plainPath(module, naming);
            LoraPair plain =
                    new LoraPair(pair.a().named(path + PeftTensors.A), pair.b().named(path + PeftTensors.B));
            modules.put(path, plain);
            renamed.addAll(List.of(plain.a(), plain.b()));
        });
        Map<String, WeightSource> saved = new LinkedHashMap<>();
        stored.saved().forEach((name, source) -> {
            WeightSource plain = source.named(naming.toPlain(name));
            saved.put(plain.name(), plain);
            renamed.add(plain);
        });
        WeightSet.of(WEIGHTS, renamed);
        return new PeftWeights(modules, saved);
    }

    /// Patterns over the wrapper's names would not match ours, so modules that were renamed are listed one by one.
    private static PeftConfig plainConfig(PeftConfig config, PeftWeights stored, WrapperNaming naming) {
        List<String> saved =
                config.modulesToSave().stream().map(naming::plainModule).toList();
        PeftConfig plain = config.withModulesToSave(saved);
        boolean renamed = stored.modules().keySet().stream()
                .anyMatch(module -> !plainPath(module, naming).equals(module));
        return renamed ? plain.with(listed(config.scaling(), stored, naming), listed(config, stored, naming)) : plain;
    }

    private static PeftTargets listed(PeftConfig config, PeftWeights stored, WrapperNaming naming) {
        Set<String> paths = new LinkedHashSet<>();
        stored.modules().keySet().forEach(module -> paths.add(plainPath(module, naming)));
        boolean fits = paths.stream().allMatch(config.targets()::covers);
        return fits ? config.targets() : new PeftTargets.Names(paths);
    }

    private static PeftScaling listed(PeftScaling scaling, PeftWeights stored, WrapperNaming naming) {
        Map<String, Double> ranks = new LinkedHashMap<>();
        Map<String, Double> alphas = new LinkedHashMap<>();
        for (String module : stored.modules().keySet()) {
            String expression = plainPath(module, naming).replace(".", "\\.");
            scaling.ranks().number(module).ifPresent(rank -> ranks.put(expression, rank));
            scaling.alphas().number(module).ifPresent(alpha -> alphas.put(expression, alpha));
        }
        return new PeftScaling(
                scaling.rank(),
                scaling.alpha(),
                scaling.rankStabilised(),
                ModulePatterns.of(PeftConfig.FILE + ": rank_pattern", ranks),
                ModulePatterns.of(PeftConfig.FILE + ": alpha_pattern", alphas));
    }

    private static String plainPath(String module, WrapperNaming naming) {
        String plain = naming.toPlain(module + ".");
        return plain.substring(0, plain.length() - 1);
    }
}
