package org.panamask.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.panamask.backend.Precision;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The PyTorch process: told a command a line, it answers a line of JSON.
final class Peer implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter commands;
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final JsonNode facts;

    /// How to start it.
    ///
    /// @param python the interpreter
    /// @param script what it runs
    /// @param folder where model and exchanged files are
    /// @param llada LLaDA's own code
    record Call(String python, Path script, Path folder, Path llada) {}

    private Peer(Process process) {
        this.process = process;
        this.answers = process.inputReader();
        this.commands = process.outputWriter();
        try {
            this.facts = read("its start");
        } catch (RuntimeException failure) {
            process.destroyForcibly();
            throw failure;
        }
    }

    /// Starts the peer and waits until its model is loaded.
    ///
    /// @throws PeerException if it cannot be started
    static Peer start(Call call, WorkKind kind, Precision precision) {
        ProcessBuilder builder = new ProcessBuilder(
                        call.python(),
                        call.script().toString(),
                        call.folder().toString(),
                        "--work",
                        Compare.name(kind),
                        "--dtype",
                        Compare.name(precision),
                        "--llada",
                        call.llada().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        // A copy of what the user set. Without it the process would inherit the variables with which our library
        // tunes its own threads.
        builder.environment();
        try {
            return new Peer(builder.start());
        } catch (IOException failure) {
            throw new PeerException(call.python() + " could not be started; give a Python with torch", failure);
        }
    }

    /// What it says of itself.
    JsonNode facts() {
        return facts;
    }

    /// Has it compute what the exchanged file asks for.
    JsonNode check() {
        return ask("check");
    }

    /// Milliseconds of one repetition.
    double repeat() {
        return ask("repeat").path("ms").asDouble();
    }

    private JsonNode ask(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException failure) {
            throw new PeerException("the peer does not take '" + command + "'; its own message is above", failure);
        }
        return read(command);
    }

    private JsonNode read(String command) {
        try {
            String line = answers.readLine();
            if (line != null) {
                return mapper.readTree(line);
            }
        } catch (IOException failure) {
            throw new PeerException("the peer's answer to " + command + " could not be read", failure);
        }
        throw new PeerException("the peer ended at " + command + "; its own message is above");
    }

    @Override
    public void close() {
        try {
            commands.close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException _) {
            process.destroyForcibly();
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
