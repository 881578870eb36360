package org.panamask.backend.cuda.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.ffi.CudaLibrary;
import org.panamask.tensor.DType;

/// Which implementations of attention can run, and why others cannot.
public final class AttentionRules {
    private static final int HOPPER = 90;
    private static final int BLACKWELL = 100;
    private static final int WIDTH_STEP = 8;
    private static final int WIDEST_OF_LIBRARIES = 128;

    private final Conditions conditions;

    /// What does not depend on a call.
    ///
    /// @param capability of the device, ten times the major number and the minor one
    /// @param deterministic whether equal runs must give equal bits
    /// @param absence why a library cannot be used; empty where it can
    public record Conditions(int capability, boolean deterministic, Function<CudaLibrary, String> absence) {}

    /// The rules under `conditions`.
    public AttentionRules(Conditions conditions) {
        this.conditions = conditions;
    }

    /// What runs, and what was said of those that were passed over.
    ///
    /// @param kernels what runs
    /// @param remarks a line for each that was passed over
    public record Decision(AttentionKernels kernels, List<String> remarks) {
        /// Copies the list.
        public Decision {
            remarks = List.copyOf(remarks);
        }
    }

    /// The first of what `wanted` allows that can run.
    ///
    /// @param wanted what the settings ask for
    /// @param problem what is to be computed
    /// @throws BackendException with every condition that is not met, if nothing that `wanted` allows can run
    public Decision choose(AttentionKernels wanted, AttentionCase problem) {
        List<String> remarks = new ArrayList<>();
        for (AttentionKernels kernels : candidates(wanted, problem)) {
            List<String> unmet = unmet(kernels, problem);
            if (unmet.isEmpty()) {
                return new Decision(kernels, remarks);
            }
            remarks.add(name(kernels) + ": " + String.join("; ", unmet));
        }
        throw new BackendException("backend cuda: attention with backend.attention " + name(wanted) + ", " + problem
                + ": " + String.join(". ", remarks) + ". Set backend.attention to "
                + name(unmet(AttentionKernels.PMK, problem).isEmpty() ? AttentionKernels.PMK : AttentionKernels.MATH));
    }

    /// On Hopper cuDNN has kernels of its own for the masks that it knows.
    private List<AttentionKernels> candidates(AttentionKernels wanted, AttentionCase problem) {
        if (wanted != AttentionKernels.AUTO) {
            return List.of(wanted);
        }
        boolean known = switch (problem.mask().kind()) {
            case FULL, CAUSAL -> true;
            case INTERVALS, ANNEALED, GIVEN -> false;
        };
        boolean hopper = conditions.capability() >= HOPPER && conditions.capability() < BLACKWELL;
        return hopper && known && problem.dtype() != DType.F32
                ? List.of(AttentionKernels.CUDNN, AttentionKernels.PMK)
                : List.of(AttentionKernels.PMK, AttentionKernels.CUDNN);
    }

    /// Everything that keeps `kernels` from computing `problem`.
    public List<String> unmet(AttentionKernels kernels, AttentionCase problem) {
        List<String> unmet = new ArrayList<>();
        switch (kernels) {
            case AUTO -> throw new IllegalArgumentException("attention: auto is a choice, not an implementation");
            case MATH -> {}
            case PMK ->
                require(
                        unmet,
                        problem.width() <= AttentionTiling.WIDEST,
                        "heads must be at most " + AttentionTiling.WIDEST + " wide, but are " + problem.width());
            case CUDNN -> {
                library(unmet, problem, CudaLibrary.CUDNN);
                require(
                        unmet,
                        problem.width() <= WIDEST_OF_LIBRARIES,
                        "heads must be at most " + WIDEST_OF_LIBRARIES + " wide, but are " + problem.width());
            }
            case FLASHATTN -> {
                library(unmet, problem, CudaLibrary.FLASHATTN);
                require(
                        unmet,
                        problem.width() <= WIDEST_OF_LIBRARIES,
                        "heads must be at most " + WIDEST_OF_LIBRARIES + " wide, but are " + problem.width());
                require(
                        unmet,
                        conditions.capability() < BLACKWELL,
                        "the device must have compute capability 8.x or 9.x, but has " + conditions.capability() / 10
                                + "." + conditions.capability() % 10);
                require(
                        unmet,
                        !conditions.deterministic(),
                        "it sums gradients in any order, so backend.deterministic must be false");
            }
        }
        return unmet;
    }

    /// What libraries of others have in common.
    private void library(List<String> unmet, AttentionCase problem, CudaLibrary library) {
        String absence = conditions.absence().apply(library);
        require(unmet, absence.isEmpty(), absence);
        require(
                unmet,
                problem.dtype() == DType.BF16 || problem.dtype() == DType.F16,
                "activations must be BF16 or F16, but are " + problem.dtype());
        require(
                unmet,
                problem.width() % WIDTH_STEP == 0,
                "the width of heads must be a multiple of " + WIDTH_STEP + ", but is " + problem.width());
        require(unmet, !problem.dropout(), "it has other random numbers, so attention dropout must be 0");
        require(
                unmet,
                problem.mask().rectangular(),
                "every batch row must have the same number of query rows, at least one");
        require(unmet, problem.mask().everyRowSees(), "every query row must surely see a key");
    }

    private static void require(List<String> unmet, boolean met, String otherwise) {
        if (!met) {
            unmet.add(otherwise);
        }
    }

    private static String name(AttentionKernels kernels) {
        return kernels.name().toLowerCase(Locale.ROOT);
    }
}
