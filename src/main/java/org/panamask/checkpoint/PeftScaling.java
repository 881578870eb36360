package org.panamask.checkpoint;

/// Rank and strength of an adapter, module by module.
///
/// @param rank the rank of modules that `ranks` does not name
/// @param alpha the alpha of modules that `alphas` does not name
/// @param rankStabilised whether alpha is divided by the root of the rank (`use_rslora`) rather than the rank
/// @param ranks ranks of single modules (`rank_pattern`)
/// @param alphas alphas of single modules (`alpha_pattern`)
public record PeftScaling(int rank, double alpha, boolean rankStabilised, ModulePatterns ranks, ModulePatterns alphas) {
    /// One rank and alpha for all modules.
    public static PeftScaling of(int rank, double alpha) {
        return new PeftScaling(rank, alpha, false, ModulePatterns.none(), ModulePatterns.none());
    }

    /// Checks the ranges.
    ///
    /// @throws CheckpointException if a rank is not a whole number of at least 1 or an alpha is not finite
    public PeftScaling {
        requireRank("r", rank);
        requireAlpha("lora_alpha", alpha);
        ranks.numbers().forEach((module, number) -> requireRank("rank_pattern." + Printable.of(module), number));
        alphas.numbers().forEach((module, number) -> requireAlpha("alpha_pattern." + Printable.of(module), number));
    }

    /// The rank of the module at `path`.
    public int rank(String path) {
        return (int) ranks.number(path).orElse(rank);
    }

    /// The alpha of the module at `path`.
    public double alpha(String path) {
        return alphas.number(path).orElse(alpha);
    }

    /// What the product of B and A is multiplied by in the module at `path`: alpha / r, or alpha / sqrt(r).
    public double scale(String path) {
        return alpha(path) / (rankStabilised ? Math.sqrt(rank(path)) : rank(path));
    }

    private static void requireRank(String key, double rank) {
        if (!(rank >= 1 && rank <= 65_536 && rank == (int) rank)) {
            throw new CheckpointException(PeftConfig.FILE + ": " + key
                    + " must be a whole number from 1 to 65536, but got " + PeftConfig.shortest(rank)
                    + "; correct the rank");
        }
    }

    private static void requireAlpha(String key, double alpha) {
        if (!Double.isFinite(alpha)) {
            throw new CheckpointException(
                    PeftConfig.FILE + ": " + key + " must be a finite number, but got " + alpha + "; correct it");
        }
    }
}
