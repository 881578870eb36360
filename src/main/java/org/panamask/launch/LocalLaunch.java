package org.panamask.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Starts one command as several ranks of this machine, shows what each of them prints, and ends the others when one
/// fails.
public final class LocalLaunch {
    private static final int SIGNALLED = 128;
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final Plan plan;
    private final Prints prints;
    private final List<Process> processes = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    private boolean stopping;

    /// What is started.
    ///
    /// @param count how many ranks
    /// @param command each of them
    /// @param port where they meet; 0 takes a free one
    /// @param grace how long a rank that was asked to end may take before it is killed
    public record Plan(int count, List<String> command, int port, Duration grace) {
        /// Checks the numbers.
        ///
        /// @throws LaunchException if there is no rank, no command, or no such port
        public Plan {
            command = List.copyOf(command);
            if (count < 1 || command.isEmpty() || port < 0 || port > 65_535) {
                throw new LaunchException("launch: at least 1 rank, a command and a port up to 65535 are needed, but"
                        + " got " + count + " ranks, port " + port + " and the command " + command);
            }
        }
    }

    /// Where the lines go that ranks print; called from several threads.
    ///
    /// @param out lines of their standard output
    /// @param err lines of their standard error, and our own
    public record Prints(Consumer<String> out, Consumer<String> err) {}

    private record Ended(int rank, int code) {}

    /// Prepares a launch; nothing is started yet.
    public LocalLaunch(Plan plan, Prints prints) {
        this.plan = plan;
        this.prints = prints;
    }

    /// Runs all ranks to their end.
    ///
    /// @return 0, or the exit code of the rank that failed first; 128 and more tells the signal that killed it
    /// @throws UncheckedIOException if the command cannot be started
    public int run() {
        BlockingQueue<Ended> ends = new LinkedBlockingQueue<>();
        try {
            start(ends);
        } catch (IOException failure) {
            stop();
            end();
            throw new UncheckedIOException("launch: " + plan.command().getFirst() + " could not be started", failure);
        }
        try {
            return await(ends);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            stop();
            return SIGNALLED + 2;
        } finally {
            end();
        }
    }

    private synchronized void start(BlockingQueue<Ended> ends) throws IOException {
        int port = plan.port() > 0 ? plan.port() : freePort();
        String job = UUID.randomUUID().toString();
        for (int rank = 0; rank < plan.count() && !stopping; rank++) {
            ProcessBuilder builder = new ProcessBuilder(plan.command());
            tell(builder.environment(), rank, port, job);
            Process process = builder.start();
            processes.add(process);
            process.getOutputStream().close();
            readers.add(copy(rank, process.inputReader(StandardCharsets.UTF_8), prints.out()));
            readers.add(copy(rank, process.errorReader(StandardCharsets.UTF_8), prints.err()));
            int number = rank;
            Thread.ofVirtual().name("end of rank " + rank).start(() -> ends.add(ended(number, process)));
        }
    }

    private static Ended ended(int rank, Process process) {
        return new Ended(rank, process.onExit().join().exitValue());
    }

    private void tell(Map<String, String> environment, int rank, int port, String job) {
        LaunchVariables.removeFrom(environment);
        environment.put("PANAMASK_RANK", String.valueOf(rank));
        environment.put("PANAMASK_WORLD_SIZE", String.valueOf(plan.count()));
        environment.put("PANAMASK_LOCAL_RANK", String.valueOf(rank));
        environment.put("PANAMASK_LOCAL_WORLD_SIZE", String.valueOf(plan.count()));
        environment.put(LaunchVariables.ADDRESS, LaunchVariables.THIS_MACHINE);
        environment.put(LaunchVariables.PORT, String.valueOf(port));
        environment.put(LaunchVariables.JOB, job);
    }

    private static int freePort() throws IOException {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        }
    }

    private Thread copy(int rank, BufferedReader from, Consumer<String> to) {
        String prefix = plan.count() > 1 ? "[rank " + rank + "] " : "";
        return Thread.ofVirtual().name("output of rank " + rank).start(() -> {
            try (from) {
                for (String line = from.readLine(); line != null; line = from.readLine()) {
                    to.accept(prefix + line);
                }
            } catch (IOException failure) {
                prints.err().accept(prefix + "its output could not be read any more: " + failure.getMessage());
            }
        });
    }

    private int await(BlockingQueue<Ended> ends) throws InterruptedException {
        for (int left = plan.count(); left > 0; left--) {
            Ended ended = ends.take();
            if (ended.code() != 0 && !isStopping()) {
                prints.err()
                        .accept("launch: rank " + ended.rank() + " ended with exit code " + ended.code()
                                + reason(ended.code()) + (left > 1 ? "; ending the other ranks" : ""));
                awaitLastWords(ends, left - 1);
                stop();
            }
            if (ended.code() != 0) {
                return ended.code();
            }
        }
        return 0;
    }

    /// Ranks that work together hear of a failure themselves, and say what it means for them.
    private void awaitLastWords(BlockingQueue<Ended> ends, int others) throws InterruptedException {
        long most = Math.min(LAST_WORDS.toNanos(), plan.grace().toNanos() / 2);
        long deadline = System.nanoTime() + most;
        int left = others;
        while (left > 0 && ends.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS) != null) {
            left--;
        }
    }

    private static String reason(int code) {
        return switch (code) {
            case SIGNALLED + 9 -> ", killed by signal 9: the system may have run out of memory";
            case SIGNALLED + 6 -> ", aborted by signal 6: look for its hs_err file";
            default -> code > SIGNALLED && code < SIGNALLED + 65 ? ", killed by signal " + (code - SIGNALLED) : "";
        };
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    /// Asks every rank to end, as an interrupt does; from any thread. [#run] returns when they have.
    public synchronized void stop() {
        stopping = true;
        // The process itself would close what it prints as well.
        processes.forEach(process -> process.toHandle().destroy());
    }

    /// Waits for those that are left, kills them where they take too long, and shows the last lines.
    private void end() {
        long deadline = System.nanoTime() + plan.grace().toNanos();
        for (Process process : processes) {
            try {
                if (!process.waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            } catch (InterruptedException _) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        for (Thread reader : readers) {
            try {
                reader.join(Duration.ofSeconds(1));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
