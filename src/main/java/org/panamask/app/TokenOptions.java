package org.panamask.app;

import org.panamask.sampling.SamplerSettings;
import picocli.CommandLine.Option;

/// The options that say which tokens are taken, and where first.
final class TokenOptions {
    @Option(
            names = "--temperature",
            defaultValue = "0",
            description = "divides the logits and draws tokens; 0 takes the likeliest (default)")
    private double temperature;

    @Option(names = "--top-p", defaultValue = "1", description = "keep the likeliest tokens up to this mass")
    private double topP;

    @Option(
            names = "--order",
            defaultValue = "confidence",
            description = "which positions open first: ${COMPLETION-CANDIDATES}")
    private SamplerSettings.Order order = SamplerSettings.Order.CONFIDENCE;

    /// Made by picocli.
    TokenOptions() {}

    SamplerSettings sampling() {
        return SamplerSettings.defaults()
                .with("temperature", temperature)
                .with("choice", temperature == 0 ? SamplerSettings.Choice.ARGMAX : SamplerSettings.Choice.SAMPLE)
                .with("top_p", topP)
                .with("order", order);
    }
}
