package org.panamask.app;

import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
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
    private DdmSettings.Order order = DdmSettings.Order.CONFIDENCE;

    /// Made by picocli.
    TokenOptions() {}

    /// The same for a sampler by blocks.
    BlockSettings over(BlockSettings usual) {
        return usual.with("temperature", temperature)
                .with("top_p", topP)
                .with("alg", order == DdmSettings.Order.RANDOM ? "random" : "low_confidence");
    }

    DdmSettings sampling() {
        return DdmSettings.defaults()
                .with("temperature", temperature)
                .with("choice", temperature == 0 ? DdmSettings.Choice.ARGMAX : DdmSettings.Choice.SAMPLE)
                .with("top_p", topP)
                .with("order", order);
    }
}
