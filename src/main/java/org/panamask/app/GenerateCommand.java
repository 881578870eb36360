package org.panamask.app;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.panamask.Generation;
import org.panamask.Panamask;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Answers one prompt.
@Command(
        name = "generate",
        description = "Answer a prompt by unmasking; docs/sampling.md explains the samplers.",
        modelTransformer = SamplerOptions.class)
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ModelOptions options = new ModelOptions();

    @Option(
            names = {"-p", "--prompt"},
            required = true,
            paramLabel = "TEXT",
            description = "what to answer")
    private String prompt = "";

    /// Made by picocli.
    GenerateCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Panamask model = options.open()) {
            Generation answer = model.generate(
                            List.of(prompt),
                            options.sampling(model.samplerDefaults()),
                            StepPrinter.of(options.showsSteps(), model, out))
                    .getFirst();
            out.println(answer.text());
            Costs.print(spec.commandLine().getErr(), answer);
            Costs.profile(spec.commandLine().getErr(), model);
        }
        return 0;
    }
}
