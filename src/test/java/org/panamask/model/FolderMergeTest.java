package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftScaling;
import org.panamask.checkpoint.PeftWeights;
import org.panamask.checkpoint.WeightSource;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

final class FolderMergeTest {
    private static final Canvas CANVAS = Canvas.of(1, 5, new int[] {1, 20, 30, 40, 50});

    @TempDir
    private Path folder;

    /// Saves an adapter of other numbers than zero, and gives the logits of the model beside `before` and it.
    private double[] write(String model, Path adapter, LoraSettings settings, List<Path> before) {
        try (Tiny tiny = Tiny.open(model)) {
            before.forEach(path -> load(tiny, path));
            Adapter made = tiny.job(ops -> Adapter.create(tiny.model(), settings, 3, ops, tiny.owner()));
            tiny.job(ops -> {
                made.parameters().all().forEach(weight -> AdapterTest.fill(ops, weight));
                made.save(ops, adapter, model);
                return true;
            });
            return tiny.logits(CANVAS);
        }
    }

    private static void load(Tiny tiny, Path adapter) {
        try (PeftAdapter file = PeftAdapter.open(adapter, tiny.model().naming())) {
            tiny.job(ops -> {
                Adapter.load(tiny.model(), file, ops, tiny.owner(), false).merge(ops, tiny.owner());
                return true;
            });
        }
    }

    private static double[] logits(Path model) {
        try (Tiny tiny = Tiny.open(model)) {
            return tiny.logits(CANVAS);
        }
    }

    private Path merged(String model, List<Path> adapters, Optional<DType> dtype) {
        Path out = folder.resolve("out");
        FolderMerge.write(Tiny.folder(model), adapters, out, dtype);
        return out;
    }

    @Test
    void theMergedFolderHasTheBitsOfTheModelMergedInMemory() {
        Path adapter = folder.resolve("adapter");
        write("llama-tiny", adapter, AdapterTest.SETTINGS, List.of());
        Path out = merged("llama-tiny", List.of(adapter), Optional.empty());

        try (Tiny tiny = Tiny.open("llama-tiny");
                HubFolder hub = HubFolder.open(out)) {
            load(tiny, adapter);
            tiny.model()
                    .parameters()
                    .byName()
                    .forEach((name, weight) -> assertThat(hub.tensor(name).doubles())
                            .isEqualTo(tiny.job(ops -> ops.doubles(weight.value()))));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "llama-tiny, q_proj, down_proj, embed_tokens",
        "llama3-tiny, q_proj, down_proj, embed_tokens",
        "qwen2-tiny, q_proj, down_proj, embed_tokens",
        "gpt2-tiny, c_attn, c_proj, wte",
        "gpt2-tiny-ddm, c_fc, c_attn, wte"
    })
    void aMergedFolderComputesWhatModelAndAdapterDo(String model, String first, String second, String whole) {
        Path adapter = folder.resolve("adapter");
        double[] beside = write(
                model,
                adapter,
                AdapterTest.SETTINGS
                        .with("targets", List.of(first, second))
                        .with("rank_pattern", Map.of(first, 2))
                        .with("modules_to_save", List.of(whole)),
                List.of());

        Path out = merged(model, List.of(adapter), Optional.empty());

        assertThat(logits(out)).containsExactly(beside, within(1e-4));
        try (HubFolder hub = HubFolder.open(out)) {
            assertThat(hub.names()).contains("lm_head.weight");
            assertThat(hub.config().booleanOr("tie_word_embeddings", true)).isFalse();
        }
    }

    @Test
    void severalAdaptersAreMergedInTheirOrder() {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        write("llama3-tiny", first, AdapterTest.SETTINGS.with("modules_to_save", List.of("lm_head")), List.of());
        double[] beside = write("llama3-tiny", second, AdapterTest.SETTINGS.with("rank", 2), List.of(first));

        assertThat(logits(merged("llama3-tiny", List.of(first, second), Optional.empty())))
                .containsExactly(beside, within(1e-4));
    }

    @Test
    void adaptersOfTheWrapperAreMerged() {
        Path adapter = Tiny.folder("llama-tiny")
                .resolveSibling("../adapters/llama-tiny-ddm")
                .normalize();
        double[] beside;
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            load(tiny, adapter);
            beside = tiny.logits(CANVAS);
        }

        assertThat(logits(merged("llama-tiny", List.of(adapter), Optional.empty())))
                .containsExactly(beside, within(1e-4));
    }

    @Test
    void weightsAreStoredAsAsked() {
        Path adapter = folder.resolve("adapter");
        double[] beside = write("llama-tiny-bf16", adapter, AdapterTest.SETTINGS, List.of());

        Path out = merged("llama-tiny-bf16", List.of(adapter), Optional.of(DType.F32));

        assertThat(logits(out)).containsExactly(beside, within(1e-4));
        try (HubFolder hub = HubFolder.open(out)) {
            assertThat(hub.weights().names()).allMatch(name -> hub.tensor(name).dtype() == DType.F32);
            assertThat(hub.config().stringOr("dtype", hub.config().stringOr("torch_dtype", "")))
                    .isEqualTo("float32");
        }
    }

    @Test
    void withoutAWordTheTypeStays() {
        Path adapter = folder.resolve("adapter");
        write("llama-tiny-bf16", adapter, AdapterTest.SETTINGS, List.of());
        try (HubFolder hub = HubFolder.open(merged("llama-tiny-bf16", List.of(adapter), Optional.empty()))) {
            assertThat(hub.weights().names()).allMatch(name -> hub.tensor(name).dtype() == DType.BF16);
        }
    }

    @Test
    void nothingIsOverwritten() throws IOException {
        Path adapter = folder.resolve("adapter");
        write("llama-tiny", adapter, AdapterTest.SETTINGS, List.of());
        Files.createDirectories(folder.resolve("out"));
        merged("llama-tiny", List.of(adapter), Optional.empty());

        assertThatExceptionOfType(ModelException.class)
                .isThrownBy(() -> merged("llama-tiny", List.of(adapter), Optional.empty()))
                .withMessage("merge: " + folder.resolve("out") + " must be a new or an empty folder, but there is"
                        + " something; name another folder");
    }

    @Test
    void anAdapterOfAnotherModelIsRefusedAndNothingIsLeft() {
        Path adapter = folder.resolve("adapter");
        pair(adapter, "model.layers.7.self_attn.q_proj", 64, 0);
        assertThatExceptionOfType(ModelException.class)
                .isThrownBy(() -> merged("llama3-tiny", List.of(adapter), Optional.empty()))
                .withMessage("merge " + adapter + ": every module must be a linear layer of the model, but got"
                        + " model.layers.7.self_attn.q_proj; take the adapter of this model");
        pair(adapter, "model.layers.0.self_attn.q_proj", 63, 0);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> merged("llama3-tiny", List.of(adapter), Optional.empty()))
                .withMessageContaining("is [64, 48], the model needs [63, 48]");
        assertThat(folder).isDirectoryNotContaining("glob:**out*");
    }

    @Test
    void aNumberThatDoesNotFitIsRefusedAndNothingIsLeft() {
        Path adapter = folder.resolve("adapter");
        pair(adapter, "model.layers.0.self_attn.q_proj", 64, 300);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> merged("llama3-tiny", List.of(adapter), Optional.of(DType.F16)))
                .withMessageContaining("model.layers.0.self_attn.q_proj.weight must hold numbers that F16 can hold, at"
                        + " most 65504, but got 3");
        assertThat(folder).isDirectoryNotContaining("glob:**out*");
    }

    private static void pair(Path folder, String module, int out, float value) {
        float[] a = new float[96];
        float[] b = new float[out * 2];
        Arrays.fill(a, value);
        Arrays.fill(b, value);
        LoraPair pair =
                new LoraPair(WeightSource.of("a", Shape.of(2, 48), a), WeightSource.of("b", Shape.of(out, 2), b));
        PeftConfig config = PeftConfig.of(PeftScaling.of(2, 4), List.of("q_proj"));
        PeftAdapter.write(folder, config, new PeftWeights(Map.of(module, pair), Map.of()));
    }
}
