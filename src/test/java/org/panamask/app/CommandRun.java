package org.panamask.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import picocli.CommandLine;

/// One run of the command line inside this JVM.
///
/// @param exitCode as the shell would see it
/// @param out standard output
/// @param err standard error
record CommandRun(int exitCode, String out, String err) {
    /// Runs `panamask arguments`.
    static CommandRun of(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.command().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int exitCode = command.execute(Stream.of(arguments).map(String::valueOf).toArray(String[]::new));
        return new CommandRun(exitCode, out.toString(), err.toString());
    }
}
