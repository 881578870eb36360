package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.cuda.CudaDriver;
import org.panamask.ffi.cuda.CudaFacts;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What this machine computes with: device, driver, clocks, and the libraries and where they were found.
final class DeviceFacts {
    static final String STEP = "device";
    private static final List<String> ASKED = List.of(
            "name",
            "driver_version",
            "clocks.sm",
            "clocks.max.sm",
            "clocks.mem",
            "clocks.max.mem",
            "power.draw",
            "power.limit",
            "temperature.gpu",
            "ecc.mode.current",
            "mig.mode.current",
            "persistence_mode");

    private DeviceFacts() {}

    /// Writes them to the file that is named.
    public static void main(String[] arguments) {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode found = mapper.createObjectNode();
        libraries(found.putObject("libraries"));
        CudaDriver driver = CudaDriver.load();
        found.put("cuda", driver.version()).put("devices", driver.devices());
        if (driver.devices() > 0) {
            CudaFacts facts = driver.facts(0);
            found.putObject("device")
                    .put("name", facts.name())
                    .put("uuid", facts.uuid())
                    .put("architecture", facts.architecture())
                    .put("multiprocessors", facts.multiprocessors())
                    .put("shared_bytes", facts.sharedBytes())
                    .put("cache_bytes", facts.cacheBytes())
                    .put("memory_bytes", facts.memoryBytes());
        }
        smi().ifPresent(said -> found.set("nvidia_smi", said));
        mapper.writerWithDefaultPrettyPrinter().writeValue(Path.of(arguments[0]), found);
        System.out.println(found.toPrettyString());
    }

    private static void libraries(ObjectNode found) {
        for (CudaLibrary library : CudaLibrary.values()) {
            LibraryReport report = CudaLibraries.load(library);
            ObjectNode one = found.putObject(library.label()).put("loaded", report.loaded());
            if (report.loaded()) {
                one.put("version", report.version())
                        .put("file", report.attempts().getLast().place());
            }
        }
    }

    /// What nvidia-smi says of the first device: clocks, power, temperature.
    static Optional<ObjectNode> smi() {
        try {
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--id=0", "--query-gpu=" + String.join(",", ASKED), "--format=csv,noheader")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                return Optional.empty();
            }
            ObjectNode said = JsonMapper.builder().build().createObjectNode();
            List<String> values =
                    Arrays.stream(line.split(",")).map(String::strip).toList();
            for (int n = 0; n < Math.min(ASKED.size(), values.size()); n++) {
                said.put(ASKED.get(n), values.get(n));
            }
            return Optional.of(said);
        } catch (IOException _) {
            return Optional.empty();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /// As a step.
    static Outcome find(KitFolder kit, Step step) throws IOException, InterruptedException {
        Child child = Child.run(
                kit.java(DeviceFacts.class, kit.numbers(STEP).toString()), kit.log(step.name()), step.limit());
        Optional<JsonNode> found = read(kit);
        if (child.ended()) {
            return step.late();
        }
        if (child.exit() != 0 || found.isEmpty()) {
            return Outcome.of(false, child.lastLine());
        }
        JsonNode device = found.get().path("device");
        return Outcome.of(
                device.isObject(),
                device.isObject()
                        ? device.path("name").asString() + ", "
                                + device.path("architecture").asString()
                        : "the driver sees no device");
    }

    /// What the step of this name found, if it did.
    static Optional<JsonNode> read(KitFolder kit) {
        Path file = kit.numbers(STEP);
        return Files.exists(file) ? Optional.of(JsonMapper.builder().build().readTree(file)) : Optional.empty();
    }
}
