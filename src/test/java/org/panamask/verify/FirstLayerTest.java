package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import tools.jackson.databind.json.JsonMapper;

class FirstLayerTest {
    private static final Path FILE = Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"))
            .resolve("samplers/llada_forward.json");

    @ParameterizedTest
    @CsvSource({"reference, llada-tiny", "reference, illada-tiny", "cpu, llada-tiny", "cpu, illada-tiny"})
    void whatLeavesTheFirstLayerIsWhatTheReferenceRecorded(String backend, String model) {
        SamplerCase fixture = SamplerCase.of(FILE, JsonMapper.builder().build().readTree(FILE.toFile())).stream()
                .filter(one -> one.id().equals(model + "/plain"))
                .findFirst()
                .orElseThrow();
        double[] recorded = fixture.doubles(fixture.output("hidden_after_layer0"));
        double[] before = fixture.doubles(fixture.output("embeddings"));
        try (Backend opened = Backends.open(BackendSettings.defaults().with("name", backend))) {
            Device device = new Device(opened, Precision.F32);

            assertThat(largestDifference(fixture, device, recorded)).isLessThan(2e-5);
            assertThat(largestDifference(fixture, device, before)).isGreaterThan(0.1);
            assertThat(opened.ledger().owners()).doesNotContainKey("first layer");
        }
    }

    private static double largestDifference(SamplerCase fixture, Device device, double[] states) {
        long[] shape = fixture.shape(fixture.input("input_ids"));
        Canvas canvas = Canvas.of((int) shape[0], (int) shape[1], fixture.ints(fixture.input("input_ids")));
        FirstLayer.Compared compared = FirstLayer.compare(fixture.model().orElseThrow(), device, canvas, states);
        return IntStream.range(0, states.length)
                .mapToDouble(n -> Math.abs(compared.got()[n] - compared.want()[n]))
                .max()
                .orElseThrow();
    }
}
