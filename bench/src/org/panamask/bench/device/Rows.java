package org.panamask.bench.device;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.panamask.backend.Precision;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What was measured so far, written down after each case, so that what ends early leaves what it had.
final class Rows {
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final ObjectNode all = mapper.createObjectNode();
    private final Path file;

    Rows(Path file) {
        this.file = file;
        all.putArray("rows");
    }

    /// Something to measure.
    ///
    /// @param bench what kind of thing it is
    /// @param name in words and numbers, alone of its kind
    /// @param precision the number type
    /// @param parameters what the peer needs to do the same
    record Case(String bench, String name, Precision precision, Map<String, Object> parameters) {
        String type() {
            return precision.name().toLowerCase(Locale.ROOT);
        }
    }

    /// What a run of a case amounts to.
    ///
    /// @param amount in `unit`
    /// @param unit whose number a second is the rate, such as `TFLOP` or `tokens`
    record Work(double amount, String unit) {
        static Work flops(double flops) {
            return new Work(flops / 1e12, "TFLOP");
        }
    }

    /// Measures one case. What it throws is noted and does not stop the others.
    void measure(Case asked, Work work, Supplier<Timing> timing) {
        ObjectNode row = all.withArray("rows").addObject().put("bench", asked.bench());
        row.put("case", asked.type() + " " + asked.name()).put("dtype", asked.type());
        row.set("parameters", mapper.valueToTree(asked.parameters()));
        try {
            Timing took = timing.get();
            row.put("ms", took.ms()).put("least_ms", took.least()).put("most_ms", took.most());
            row.put("repetitions", took.repetitions()).put("runs", took.runs());
            row.put("rate", work.amount() / took.ms() * 1e3).put("unit", work.unit() + "/s");
            System.out.printf(
                    Locale.ROOT,
                    "%s %s %s: %.4f ms, %.1f %s/s%n",
                    asked.bench(),
                    asked.type(),
                    asked.name(),
                    took.ms(),
                    work.amount() / took.ms() * 1e3,
                    work.unit());
        } catch (RuntimeException failure) {
            row.put("failed", String.valueOf(failure.getMessage()));
            System.out.println(asked.bench() + " " + asked.type() + " " + asked.name() + ": " + failure);
            failure.printStackTrace(System.out);
        }
        write();
    }

    /// Opens the GPU for some cases of `bench`. Where it cannot be opened, or something goes wrong before a case,
    /// that is noted and does not stop the others.
    void on(String bench, Precision precision, Consumer<OpenDevice> cases) {
        try (OpenDevice device = OpenDevice.open(precision)) {
            cases.accept(device);
        } catch (RuntimeException failure) {
            measure(new Case(bench, "not started", precision, Map.of()), Work.flops(0), () -> {
                throw failure;
            });
        }
    }

    /// Notes something beside the rows.
    void note(String name, Object value) {
        all.set(name, mapper.valueToTree(value));
        write();
    }

    private void write() {
        mapper.writerWithDefaultPrettyPrinter().writeValue(file, all);
    }
}
