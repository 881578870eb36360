package org.panamask.app;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.panamask.launch.LocalLaunch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Runs another command as several processes that work together.
@Command(
        name = "launch",
        description = "Run a command as N ranks on this machine: panamask launch --nproc 2 train RECIPE.yaml")
final class LaunchCommand implements Callable<Integer> {
    /// After an interrupt a rank finishes its step and saves.
    private static final Duration GRACE = Duration.ofMinutes(2);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--nproc", paramLabel = "N", required = true, description = "how many processes, one for each GPU")
    private int count;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "where they meet; a free port unless given")
    private int port;

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "what each of them runs, with its arguments")
    private List<String> command = List.of();

    /// Made by picocli.
    LaunchCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        int given = spec.root().commandLine().getParseResult().originalArgs().size();
        List<String> whole = new ArrayList<>(OwnCommand.withoutArguments(given));
        whole.addAll(command);
        LocalLaunch launch = new LocalLaunch(
                new LocalLaunch.Plan(count, whole, port, GRACE),
                new LocalLaunch.Prints(line -> print(out, line), line -> print(err, line)));
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(launch, done)));
        try {
            return launch.run();
        } finally {
            done.countDown();
        }
    }

    private static void print(PrintWriter to, String line) {
        synchronized (to) {
            to.println(line);
            to.flush();
        }
    }

    /// Holds the JVM's end back until every rank has ended.
    private static void stop(LocalLaunch launch, CountDownLatch done) {
        if (done.getCount() > 0) {
            launch.stop();
        }
        try {
            if (!done.await(GRACE.toSeconds() * 2, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
