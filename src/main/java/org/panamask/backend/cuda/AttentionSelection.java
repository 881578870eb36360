package org.panamask.backend.cuda;

import java.lang.System.Logger;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.cuda.attention.AttentionCase;
import org.panamask.backend.cuda.attention.AttentionRules;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.cuda.CudaFacts;
import org.panamask.tensor.DType;

/// What computes attention on a device, decided once for each case. [#line] may be called by any thread.
final class AttentionSelection {
    private static final Logger LOG = System.getLogger(AttentionSelection.class.getPackageName());

    private final AttentionKernels wanted;
    private final boolean deterministic;
    private final AttentionRules rules;
    private final Map<AttentionCase, AttentionRules.Decision> decisions = new ConcurrentHashMap<>();
    private final Set<Check> checked = new LinkedHashSet<>();

    AttentionSelection(BackendSettings settings, CudaFacts facts) {
        this.wanted = settings.attention();
        this.deterministic = settings.deterministic();
        this.rules = new AttentionRules(new AttentionRules.Conditions(
                facts.major() * 10 + facts.minor(), deterministic, AttentionSelection::absence));
    }

    /// FlashAttention has no version to ask for, so nothing but a file that was named is used.
    private static String absence(CudaLibrary library) {
        String variable = "PANAMASK_LIB_" + library.name();
        String property = "panamask.lib." + library.label();
        if (library == CudaLibrary.FLASHATTN
                && System.getProperty(property) == null
                && System.getenv(variable) == null) {
            return "its library must be named in " + variable + " or " + property;
        }
        return CudaLibraries.load(library).loaded()
                ? ""
                : "its library was not found; install it or name the file in " + variable;
    }

    /// Whether equal runs give equal bits.
    boolean isDeterministic() {
        return deterministic;
    }

    /// What computes `problem`.
    ///
    /// @throws org.panamask.backend.BackendException with every unmet condition, if nothing that was asked for can
    AttentionRules.Decision of(AttentionCase problem) {
        AttentionRules.Decision known = decisions.get(problem);
        if (known == null) {
            known = rules.choose(wanted, problem);
            decisions.put(problem, known);
            Logger.Level level = known.remarks().isEmpty() ? Logger.Level.DEBUG : Logger.Level.INFO;
            AttentionRules.Decision decided = known;
            LOG.log(level, () -> "attention, " + problem + ": " + decided.kernels() + " " + decided.remarks());
        }
        return known;
    }

    /// Whether `kernels` must still be compared with plain ones on heads as those of `problem`. The plain ones are
    /// what runs in f32, and there is nothing to compare heads with that they do not take.
    boolean isUnchecked(AttentionCase problem, AttentionKernels kernels) {
        boolean plain = kernels == AttentionKernels.PMK && problem.dtype() == DType.F32;
        return !plain && problem.width() <= AttentionTiling.WIDEST && !checked.contains(check(problem, kernels));
    }

    /// Remembers that they agree.
    void checked(AttentionCase problem, AttentionKernels kernels) {
        checked.add(check(problem, kernels));
    }

    /// The kind of mask that `kernels` are compared under for `problem`. Libraries compute full and causal masks in
    /// other ways than those that they are given as numbers; here all masks take one way.
    static MaskFacts.Kind checkedKind(AttentionCase problem, AttentionKernels kernels) {
        boolean library = kernels == AttentionKernels.CUDNN || kernels == AttentionKernels.FLASHATTN;
        return switch (problem.mask().kind()) {
            case FULL -> library ? MaskFacts.Kind.FULL : MaskFacts.Kind.CAUSAL;
            case CAUSAL -> MaskFacts.Kind.CAUSAL;
            case INTERVALS, ANNEALED, GIVEN -> library ? MaskFacts.Kind.INTERVALS : MaskFacts.Kind.CAUSAL;
        };
    }

    private static Check check(AttentionCase problem, AttentionKernels kernels) {
        return new Check(kernels, problem.dtype(), problem.width(), checkedKind(problem, kernels));
    }

    private record Check(AttentionKernels kernels, DType dtype, int width, MaskFacts.Kind kind) {}

    /// What ran so far and why, for reports.
    String line() {
        Map<String, Set<String>> uses = new TreeMap<>();
        Set<String> remarks = new LinkedHashSet<>();
        decisions.forEach((problem, decision) -> {
            String name = decision.kernels().name().toLowerCase(Locale.ROOT);
            uses.computeIfAbsent(name, _ -> new LinkedHashSet<>()).add(problem.toString());
            remarks.addAll(decision.remarks());
        });
        String used = uses.entrySet().stream()
                .map(use -> use.getKey() + " for "
                        + use.getValue().stream().sorted().collect(Collectors.joining(" and ")))
                .collect(Collectors.joining("; "));
        String asked = wanted.name().toLowerCase(Locale.ROOT) + (deterministic ? "" : ", sums in any order");
        return asked
                + (used.isEmpty() ? "" : ": " + used)
                + remarks.stream().sorted().map(each -> "; not " + each).collect(Collectors.joining());
    }
}
