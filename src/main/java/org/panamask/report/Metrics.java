package org.panamask.report;

import java.util.LinkedHashMap;
import java.util.Map;

/// The names under which numbers go to files; those of other trainers, so that dashboards carry over.
final class Metrics {
    private Metrics() {}

    static Map<String, Double> of(StepReport report) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("train/loss", report.loss());
        metrics.put("train/ce_loss", report.ceLoss());
        metrics.put("train/accuracy", report.accuracy());
        metrics.put("train/mask_ratio", report.maskRatio());
        metrics.put("train/learning_rate", report.learningRate());
        metrics.put("train/grad_norm", report.gradNorm());
        report.scaling().ifPresent(scaling -> {
            metrics.put("train/loss_scale", scaling.lossScale());
            metrics.put("train/skipped_steps", (double) scaling.skippedSteps());
        });
        metrics.put("train/tokens_per_second", report.tokensPerSecond());
        metrics.put("train/native_bytes", (double) report.nativeBytes());
        return metrics;
    }

    static Map<String, Double> of(EvaluationReport report) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("eval/loss", report.loss());
        metrics.put("eval/ce_loss", report.ceLoss());
        metrics.put("eval/accuracy", report.accuracy());
        report.nll().ifPresent(nll -> {
            metrics.put("eval/nll", nll.value());
            metrics.put("eval/nll_standard_error", nll.standardError());
        });
        return metrics;
    }
}
