package org.panamask.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.panamask.tensor.DType;

/// Sorts the tensors of an adapter file into A, B and saved modules, under the names the file uses, and checks them
/// against its settings.
final class PeftTensors {
    static final String PREFIX = "base_model.model.";
    static final String A = ".lora_A.weight";
    static final String B = ".lora_B.weight";

    private final String file;
    private final PeftConfig config;
    private final Set<String> savedModules;
    private final Map<String, WeightSource> as = new LinkedHashMap<>();
    private final Map<String, WeightSource> bs = new LinkedHashMap<>();
    private final Map<String, WeightSource> saved = new LinkedHashMap<>();
    private final List<String> unknown = new ArrayList<>();

    private PeftTensors(String file, PeftConfig config) {
        this.file = file;
        this.config = config;
        this.savedModules = Set.copyOf(config.modulesToSave());
    }

    static PeftWeights sort(String file, PeftConfig config, Iterable<WeightSource> tensors) {
        PeftTensors sorted = new PeftTensors(file, config);
        tensors.forEach(sorted::add);
        sorted.requireAllKnown();
        sorted.requireComplete();
        Map<String, LoraPair> modules = new LinkedHashMap<>();
        for (String module : sorted.as.keySet()) {
            modules.put(module, sorted.pair(module));
        }
        return new PeftWeights(modules, sorted.saved);
    }

    private void add(WeightSource tensor) {
        String name = tensor.name().startsWith(PREFIX) ? tensor.name().substring(PREFIX.length()) : "";
        if (name.endsWith(A) && config.targets().covers(cut(name, A))) {
            as.put(cut(name, A), tensor);
        } else if (name.endsWith(B) && config.targets().covers(cut(name, B))) {
            bs.put(cut(name, B), tensor);
        } else if (isSaved(name)) {
            saved.put(name, tensor);
        } else {
            unknown.add(tensor.name());
        }
    }

    private boolean isSaved(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0
                && PeftTargets.isNamed(savedModules, name.substring(0, dot))
                && Set.of(".weight", ".bias").contains(name.substring(dot));
    }

    private void requireAllKnown() {
        if (!unknown.isEmpty()) {
            throw new CheckpointException(file + ": every tensor must be A or B of a module in target_modules, or"
                    + " belong to one in modules_to_save, but got " + Printable.of(unknown) + "; check that "
                    + PeftConfig.FILE + " belongs to the weights");
        }
    }

    private void requireComplete() {
        Set<String> missing = new TreeSet<>();
        as.keySet().forEach(module -> missing.add(PREFIX + module + B));
        bs.keySet().forEach(module -> missing.add(PREFIX + module + A));
        as.keySet().forEach(module -> missing.remove(PREFIX + module + A));
        bs.keySet().forEach(module -> missing.remove(PREFIX + module + B));
        for (String module : config.modulesToSave()) {
            boolean found = saved.keySet().stream()
                    .anyMatch(name -> PeftTargets.isNamed(Set.of(module), name.substring(0, name.lastIndexOf('.'))));
            if (!found) {
                missing.add(module + ".weight");
            }
        }
        if (!missing.isEmpty()) {
            throw new CheckpointException(file + ": A, B and every module in modules_to_save must be there, but missing"
                    + " are " + Printable.of(missing) + "; check that " + PeftConfig.FILE + " belongs to the weights");
        }
        if (as.isEmpty() && saved.isEmpty()) {
            throw new CheckpointException(
                    file + ": an adapter holds at least one module, but got no tensor; train it again");
        }
    }

    private LoraPair pair(String module) {
        WeightSource a = as.get(module);
        WeightSource b = bs.get(module);
        if (a == null || b == null) {
            throw new IllegalStateException(file + ": " + module + " was not checked");
        }
        int rank = config.scaling().rank(module);
        requireFactor(a, 0, rank, "[r, in]");
        requireFactor(b, 1, rank, "[out, r]");
        return new LoraPair(a, b);
    }

    private static void requireFactor(WeightSource tensor, int axis, int rank, String form) {
        if (tensor.shape().rank() != 2 || tensor.shape().extent(axis) != rank) {
            throw new CheckpointException(tensor.file() + ": tensor " + Printable.of(tensor.name()) + " must be " + form
                    + " with r = " + rank + ", but got " + tensor.shape() + "; check that " + PeftConfig.FILE
                    + " belongs to the weights");
        }
        boolean readable = switch (tensor.dtype()) {
            case F64, F32, F16, BF16 -> true;
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 -> false;
        };
        if (!readable) {
            throw new CheckpointException(tensor.file() + ": tensor " + Printable.of(tensor.name()) + " must be "
                    + List.of(DType.F64, DType.F32, DType.F16, DType.BF16) + ", but got " + tensor.dtype()
                    + "; train the adapter again");
        }
    }

    private static String cut(String name, String ending) {
        return name.substring(0, name.length() - ending.length());
    }
}
