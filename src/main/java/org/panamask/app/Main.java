package org.panamask.app;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.OptionalInt;
import org.panamask.DivergedException;
import org.panamask.backend.BackendException;
import org.panamask.launch.RankException;
import org.panamask.tensor.ShapeException;
import org.panamask.text.TokenizerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command `panamask`. Exit codes: 0 done, 1 our failure, 2 wrong usage or recipe, 130 interrupted.
@Command(
        name = "panamask",
        description = "Diffusion language models on the JVM: fine-tune them and run them.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        version = "panamask 0.1.0",
        subcommands = {
            TrainCommand.class,
            LaunchCommand.class,
            GenerateCommand.class,
            ChatCommand.class,
            InfillCommand.class,
            MergeCommand.class,
            EvalCommand.class,
            VerifyCommand.class,
            DoctorCommand.class,
            RecipeCommand.class,
            PuzzlesCommand.class,
            PlanCommand.class,
            QuickstartCommand.class
        })
public final class Main {
    /// Made by picocli.
    Main() {}

    /// Runs the command and leaves the JVM with its exit code.
    public static void main(String[] arguments) {
        System.exit(command().execute(arguments));
    }

    static CommandLine command() {
        CommandLine whole = new CommandLine(new Main());
        // What follows the command to launch belongs to that command.
        whole.getSubcommands().forEach((name, line) -> line.setStopAtPositional(name.equals("launch")));
        return whole.setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((failure, _) -> wrongUsage(failure))
                .setExecutionExceptionHandler((failure, line, _) -> {
                    OptionalInt exitCode = exitCode(failure);
                    if (exitCode.isEmpty()) {
                        throw failure;
                    }
                    line.getErr().println(line.getColorScheme().errorText(message(failure)));
                    return exitCode.getAsInt();
                });
    }

    /// Says what is wrong, and not everything else there is: the help of some commands is longer than a screen.
    private static int wrongUsage(ParameterException failure) {
        CommandLine line = failure.getCommandLine();
        PrintWriter err = line.getErr();
        err.println(line.getColorScheme().errorText(failure.getMessage()));
        if (!line.getSubcommands().isEmpty()) {
            line.usage(err);
        } else {
            UnmatchedArgumentException.printSuggestions(failure, err);
            err.println("see " + line.getCommandSpec().qualifiedName() + " --help");
        }
        return 2;
    }

    /// The exit code of a failure whose message is for people; none where only a stack trace helps.
    private static OptionalInt exitCode(Exception failure) {
        return switch (failure) {
            case ShapeException _ -> OptionalInt.empty();
            case TokenizerException refused
            when refused.getCause() instanceof IllegalCallerException -> OptionalInt.of(1);
            case IllegalArgumentException _, UncheckedIOException _ -> OptionalInt.of(2);
            case BackendException _, RankException _, DivergedException _ -> OptionalInt.of(1);
            default -> OptionalInt.empty();
        };
    }

    private static String message(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }
}
