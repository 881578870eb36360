package org.panamask.app;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.panamask.Generation;
import org.panamask.Panamask;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Fills a gap in a text.
@Command(
        name = "infill",
        description = "Fill the gap between two texts; docs/sampling.md explains the samplers.",
        modelTransformer = SamplerOptions.class)
final class InfillCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ModelOptions options = new ModelOptions();

    @Option(names = "--prefix", required = true, paramLabel = "TEXT", description = "the text before the gap")
    private String prefix = "";

    @Option(names = "--suffix", required = true, paramLabel = "TEXT", description = "the text after the gap")
    private String suffix = "";

    @Option(names = "--tokens", required = true, paramLabel = "N", description = "tokens of the gap")
    private int tokens;

    /// Made by picocli.
    InfillCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Panamask model = options.open()) {
            Generation middle = model.infill(
                    prefix,
                    suffix,
                    tokens,
                    options.sampling(model.samplerDefaults()),
                    StepPrinter.of(options.showsSteps(), model, out));
            out.println(prefix + middle.text() + suffix);
            Costs.print(spec.commandLine().getErr(), middle);
            Costs.profile(spec.commandLine().getErr(), model);
        }
        return 0;
    }
}
