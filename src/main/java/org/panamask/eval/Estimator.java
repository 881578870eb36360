package org.panamask.eval;

import org.panamask.config.SettingException;

/// How the likelihood of a diffusion model is estimated.
public enum Estimator {
    /// DiffuLLaMA's: the mean over even times of the mean cross entropy of what is hidden then.
    DDM(32),
    /// LLaDA's: stratified numbers of hidden tokens, each draw weighted by one over its share.
    LLADA(128),
    /// Dream's: stratified times, tokens hidden one by one.
    DREAM(128),
    /// Token by token from left to right, each predicted while it and all behind it are hidden.
    AR_FTB(1),
    /// Token by token from right to left.
    AR_BTF(1);

    private final int usualSteps;

    Estimator(int usualSteps) {
        this.usualSteps = usualSteps;
    }

    /// That of a family, as `model_type` names it.
    public static Estimator ofFamily(String type) {
        return switch (type) {
            case "llada" -> LLADA;
            case "Dream" -> DREAM;
            default -> DDM;
        };
    }

    /// The estimator that `text` names.
    ///
    /// @throws SettingException if it names none
    public static Estimator named(String text) {
        for (Estimator one : values()) {
            if (one.written().equals(text)) {
                return one;
            }
        }
        throw new SettingException("likelihood must be ddm, llada, dream, ar_ftb or ar_btf, not '" + text + "'");
    }

    /// As options and files write it.
    public String written() {
        return EvaluationData.written(this);
    }

    /// The times or draws where a person says nothing of them.
    int usualSteps() {
        return usualSteps;
    }

    /// Whether draws or times make it a bound; a chain is exact for its order.
    boolean isBound() {
        return switch (this) {
            case DDM, LLADA, DREAM -> true;
            case AR_FTB, AR_BTF -> false;
        };
    }
}
