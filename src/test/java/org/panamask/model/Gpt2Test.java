package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.SafetensorsWriter;
import org.panamask.checkpoint.WeightSource;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Shape;

final class Gpt2Test {
    private static final String SIZES = """
        {"model_type": "gpt2", "vocab_size": 9, "n_embd": 8, "n_layer": 1, "n_head": 2%s}\
        """;
    private static final int[] IDS = IntStream.range(0, 24).map(n -> n * 7 % 90).toArray();
    private static final Canvas CANVAS = Canvas.of(2, 12, IDS);

    @TempDir
    private Path folder;

    private Gpt2Config config(String more) throws IOException {
        Files.writeString(folder.resolve("config.json"), SIZES.formatted(more));
        return (Gpt2Config) Models.config(HubFolder.config(folder));
    }

    /// The tensors of the tiny model under other names, and those of `more`.
    private Path copied(UnaryOperator<String> naming, WeightSource... more) throws IOException {
        Path from = Tiny.folder("gpt2-tiny");
        try (HubFolder hub = HubFolder.open(from)) {
            List<WeightSource> tensors = new ArrayList<>(List.of(more));
            hub.names().forEach(name -> tensors.add(hub.tensor(name).named(naming.apply(name))));
            SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
        }
        Files.copy(from.resolve("config.json"), folder.resolve("config.json"));
        return folder;
    }

    private static double[] logits(Path folder) {
        try (Tiny tiny = Tiny.open(folder)) {
            return tiny.logits(CANVAS);
        }
    }

    @Test
    void whatIsMissingHasTheDefaultsOfTheFamily() throws IOException {
        Gpt2Config config = config("");

        assertThat(config.feedForward()).isEqualTo(32);
        assertThat(config.positions()).isEqualTo(1024);
        assertThat(config.normEpsilon()).isEqualTo(1e-5);
        assertThat(config.tied()).isTrue();
        assertThat(config.dropouts()).isEqualTo(new Dropouts(0.1, 0.1, 0.1));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                "scale_attn_by_inverse_layer_idx": true | scale_attn_by_inverse_layer_idx must be false, but got true
                "reorder_and_upcast_attn": true | reorder_and_upcast_attn must be false, but got true
                "scale_attn_weights": false | scale_attn_weights must be true, but got false
                "activation_function": "relu" | activation_function must be gelu_new, but got "relu"
                "n_head": 3 | n_head must be a divisor of n_embd 8, but got 3
                "attn_pdrop": 1.0 | attn_pdrop must be at least 0 and below 1, but got 1.0
                """)
    void whatCannotBeHonouredIsRefused(String setting, String message) throws IOException {
        String sizes = setting.startsWith("\"n_head\"") ? SIZES.replace(", \"n_head\": 2", "") : SIZES;
        Files.writeString(folder.resolve("config.json"), sizes.formatted(", " + setting));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Models.config(HubFolder.config(folder)))
                .withMessage("config.json: " + message + "; correct the file or take another model");
    }

    @Test
    void everyNamingIsTheSameModel() throws IOException {
        double[] plain = logits(Tiny.folder("gpt2-tiny"));

        assertThat(logits(Tiny.folder("gpt2-tiny-ddm"))).isEqualTo(plain);
        assertThat(logits(copied(name -> name.replace("transformer.", "")))).isEqualTo(plain);
    }

    @Test
    void buffersAndATiedHeadAreNoWeights() throws IOException {
        double[] plain = logits(Tiny.folder("gpt2-tiny"));
        WeightSource head = WeightSource.of("lm_head.weight", Shape.of(113, 48), new float[113 * 48]);
        WeightSource bias = WeightSource.of("transformer.h.0.attn.bias", Shape.of(1, 1, 2, 2), new float[4]);
        WeightSource masked = WeightSource.of("transformer.h.1.attn.masked_bias", Shape.of(1), new float[1]);

        assertThat(logits(copied(name -> name, head, bias, masked))).isEqualTo(plain);
    }

    @Test
    void aMatrixOfAnotherShapeIsRefusedWithTheShapesOfTheFile() throws IOException {
        Path copy = copied(name -> name);
        Files.writeString(
                copy.resolve("config.json"),
                Files.readString(copy.resolve("config.json")).replace("\"n_inner\": null", "\"n_inner\": 100"));

        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> logits(copy))
                .withMessage("model.safetensors: tensor transformer.h.0.mlp.c_fc.bias is [192], the model needs [100]");
    }

    @Test
    void aSavedModelIsTheSameModelUnderTheNamesOfTheFile() {
        double[] before;
        Gpt2Config config;
        try (Tiny tiny = Tiny.open("gpt2-tiny")) {
            before = tiny.logits(CANVAS);
            config = ((Gpt2) tiny.model()).config();
            tiny.job(ops -> {
                tiny.model().save(ops, folder);
                return config;
            });
        }
        try (Tiny tiny = Tiny.open(folder)) {
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(((Gpt2) tiny.model()).config()).isEqualTo(config);
        }
        try (HubFolder saved = HubFolder.open(folder);
                HubFolder first = HubFolder.open(Tiny.folder("gpt2-tiny"))) {
            for (String name : first.names()) {
                assertThat(saved.tensor(name).floats())
                        .as(name)
                        .isEqualTo(first.tensor(name).floats());
                assertThat(saved.tensor(name).shape())
                        .isEqualTo(first.tensor(name).shape());
            }
        }
    }

    @Test
    void allMeansEveryConv1dLayerAndAdaptersSayThatTheyAreStoredTheOtherWayRound() {
        double[] adapted;
        try (Tiny tiny = Tiny.open("gpt2-tiny")) {
            Adapter adapter = adapter(
                    tiny,
                    LoraSettings.defaults()
                            .with("rank", 4)
                            .with("targets", List.of("c_attn", "c_fc"))
                            .with("modules_to_save", List.of("wte", "transformer.h.1.mlp.c_proj")));
            adapted = tiny.logits(CANVAS);
            tiny.job(ops -> {
                adapter.save(ops, folder, "gpt2-tiny");
                return adapter;
            });
        }
        try (Tiny tiny = Tiny.open("gpt2-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            assertThat(file.config().fanInFanOut()).isTrue();
            LoraPair pair = file.modules().get("transformer.h.0.mlp.c_fc");
            assertThat(pair).isNotNull();
            assertThat(pair.a().shape()).isEqualTo(Shape.of(4, 48));
            assertThat(pair.b().shape()).isEqualTo(Shape.of(192, 4));
            assertThat(file.saved().get("transformer.h.1.mlp.c_proj.weight").shape())
                    .isEqualTo(Shape.of(192, 48));
            tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));
            assertThat(tiny.logits(CANVAS)).isEqualTo(adapted);
        }
    }

    private static Adapter adapter(Tiny tiny, LoraSettings settings) {
        return tiny.job(ops -> {
            Adapter made = Adapter.create(tiny.model(), settings, 1, ops, tiny.owner());
            made.parameters().all().forEach(weight -> AdapterTest.fill(ops, weight));
            return made;
        });
    }

    @Test
    void aMergedModelCanBeSaved() {
        double[] adapted;
        try (Tiny tiny = Tiny.open("gpt2-tiny")) {
            Adapter adapter = adapter(tiny, LoraSettings.defaults().with("rank", 2));
            assertThat(adapter.parameters().names()).hasSize(2 * 4 * 2);
            adapted = tiny.logits(CANVAS);
            tiny.job(ops -> {
                adapter.merge(ops, tiny.owner());
                tiny.model().save(ops, folder);
                return adapter;
            });
        }
        assertThat(logits(folder)).containsExactly(adapted, within(1e-3));
    }

    @Test
    void dropoutActsInTrainingAndDependsOnTheSampleOnly() throws IOException {
        try (Tiny tiny = Tiny.created(config(", \"initializer_range\": 0.5"), 3)) {
            int[] ids = IntStream.range(0, 24).map(n -> n * 7 % 9).toArray();
            Canvas two = Canvas.of(2, 12, ids);
            Canvas second = Canvas.of(1, 12, Arrays.copyOfRange(ids, 12, 24));
            double[] both = tiny.hidden(two.withDropout(new Canvas.Dropout(9, List.of(4, 6))));
            double[] alone = tiny.hidden(second.withDropout(new Canvas.Dropout(9, List.of(6))));
            double[] some =
                    tiny.hidden(two.withRows(new int[] {3, 20}).withDropout(new Canvas.Dropout(9, List.of(4, 6))));

            assertThat(Arrays.copyOfRange(both, 12 * 8, 24 * 8)).isEqualTo(alone);
            assertThat(Arrays.copyOfRange(some, 8, 16)).isEqualTo(Arrays.copyOfRange(both, 20 * 8, 21 * 8));
            assertThat(both).isNotEqualTo(tiny.hidden(two));
        }
    }

    @Test
    void aRandomStartHasUnitGainsAndSmallerMatricesInFrontOfSums() {
        try (Tiny tiny = Tiny.created(Gpt2Config.of(17, 16, 2, 2, 32), 5)) {
            tiny.job(ops -> {
                assertThat(values(tiny, ops, "transformer.h.0.ln_1.weight")).containsOnly(1);
                assertThat(values(tiny, ops, "transformer.h.0.ln_1.bias")).containsOnly(0);
                assertThat(deviation(values(tiny, ops, "transformer.h.0.attn.c_attn.weight")))
                        .isCloseTo(0.02, within(0.002));
                assertThat(deviation(values(tiny, ops, "transformer.h.0.mlp.c_proj.weight")))
                        .isCloseTo(0.01, within(0.001));
                return true;
            });
        }
    }

    private static double[] values(Tiny tiny, BackwardOps ops, String name) {
        return ops.doubles(tiny.model().parameters().weight(name).value());
    }

    private static double deviation(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
    }

    @Test
    void aCanvasBeyondThePositionsIsRefused() {
        try (Tiny tiny = Tiny.open("gpt2-tiny")) {
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.hidden(Canvas.of(1, 65, new int[65])))
                    .withMessage("hidden states: positions must be from 0 to 63, but got 64; take a shorter canvas");
        }
    }
}
