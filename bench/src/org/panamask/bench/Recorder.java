package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.panamask.backend.Precision;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Runs JMH and writes what it measured, and on what machine, to a file.
final class Recorder {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Recorder() {}

    /// Measures; the first of `arguments` names the file, the others are those of JMH.
    public static void main(String[] arguments) throws IOException, CommandLineOptionException, RunnerException {
        if (arguments.length == 0 || arguments[0].startsWith("-")) {
            System.err.println("record: the first argument must name the file to write");
            System.exit(2);
        }
        Path file = Path.of(arguments[0]);
        ObjectNode whole = MAPPER.createObjectNode();
        whole.set("machine", Machine.describe(Precision.F32));
        String[] options = Arrays.copyOfRange(arguments, 1, arguments.length);
        whole.set("results", results(new Runner(new CommandLineOptions(options)).run()));
        Files.writeString(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(whole) + "\n");
    }

    private static ArrayNode results(Collection<RunResult> runs) {
        ArrayNode results = MAPPER.createArrayNode();
        for (RunResult run : runs) {
            String name = run.getParams().getBenchmark();
            ObjectNode result = results.addObject().put("bench", name.substring(name.indexOf(".bench.") + 7));
            ObjectNode parameters = result.putObject("parameters");
            for (String key : run.getParams().getParamsKeys()) {
                parameters.put(key, run.getParams().getParam(key));
            }
            Result<?> time = run.getPrimaryResult();
            result.put("unit", time.getScoreUnit())
                    .put("mean", rounded(time.getScore()))
                    .put("min", rounded(time.getStatistics().getMin()))
                    .put("max", rounded(time.getStatistics().getMax()))
                    .put("iterations", time.getStatistics().getN());
        }
        return results;
    }

    private static double rounded(double time) {
        return Math.round(time * 1000) / 1000.0;
    }
}
