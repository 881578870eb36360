package org.panamask.app;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.panamask.Panamask;
import org.panamask.text.ModelTemplate;
import org.panamask.text.TemplatePreset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// A conversation at the terminal.
@Command(
        name = "chat",
        description = "Talk with a model; reads questions line by line, also from a pipe.",
        modelTransformer = SamplerOptions.class)
final class ChatCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ModelOptions options = new ModelOptions();

    @Option(names = "--system", defaultValue = "", paramLabel = "TEXT", description = "what stands above it all")
    private String system = "";

    @Option(names = "--live", description = "show the unmasking, in place on a terminal; --show-steps does it too")
    private boolean live;

    /// Made by picocli.
    ChatCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        boolean colours = terminal && System.getenv("NO_COLOR") == null;
        UnmaskingView.Style style =
                new UnmaskingView.Style(terminal, colours, terminal ? TerminalSize.now() : new TerminalSize(80, 24));
        ChatScreen screen =
                new ChatScreen(spec.commandLine().getOut(), spec.commandLine().getErr(), terminal, style);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Panamask opened = options.open()) {
            Panamask model = laidOut(opened);
            boolean shows = live || options.showsSteps();
            new ChatSession(model, screen, options.sampling(model.samplerDefaults()), system, shows).run(in);
        }
        return 0;
    }

    /// With the template that its family is known to have learnt, where neither its folder nor a run says one.
    private static Panamask laidOut(Panamask model) {
        Optional<TemplatePreset> preset =
                TemplatePreset.ofFamily(model.loaded().model().facts().type());
        return model.hasTemplate() || preset.isEmpty()
                ? model
                : model.withTemplate(
                        ModelTemplate.of(preset.get(), model.loaded().folder()));
    }
}
