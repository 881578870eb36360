package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftScaling;
import org.panamask.checkpoint.PeftWeights;
import org.panamask.checkpoint.WeightSource;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Shape;

/// Adapters of LLaDA and Dream, in, out and merged.
final class LladaAdapterTest {
    private static final Canvas CANVAS = Canvas.of(1, 5, new int[] {1, 20, 30, 40, 50});
    private static final LoraSettings SETTINGS = LoraSettings.defaults().with("rank", 4);

    @TempDir
    private Path folder;

    /// Saves an adapter of other numbers than zero, and gives the logits of the model beside it.
    private double[] write(Path model, LoraSettings settings, Path adapter) {
        try (Tiny tiny = Tiny.open(model)) {
            Adapter made = tiny.job(ops -> Adapter.create(tiny.model(), settings, 3, ops, tiny.owner()));
            tiny.job(ops -> {
                made.parameters().all().forEach(weight -> AdapterTest.fill(ops, weight));
                made.save(ops, adapter, "tiny");
                return true;
            });
            return tiny.logits(CANVAS);
        }
    }

    @ParameterizedTest
    @CsvSource({"llada-tiny, 2", "illada-tiny, 2", "dream-tiny, 2"})
    void anAdapterComesBackAsItWentOut(String name, int layers) {
        Path model = Tiny.samplerFolder(name);
        double[] adapted = write(model, SETTINGS, folder.resolve("adapter"));

        try (Tiny tiny = Tiny.open(model);
                PeftAdapter file =
                        PeftAdapter.open(folder.resolve("adapter"), tiny.model().naming())) {
            assertThat(file.modules()).hasSize(7 * layers);
            assertThat(tiny.logits(CANVAS)).isNotEqualTo(adapted);
            tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));
            assertThat(tiny.logits(CANVAS)).isEqualTo(adapted);
        }
    }

    @Test
    void theSettingsOfAnAdapterNeverMeanTheHead() throws IOException {
        Path adapter = folder.resolve("adapter");
        write(
                Tiny.samplerFolder("llada-tiny"),
                SETTINGS.with("targets", List.of("q_proj", "ff_proj", "ff_out")),
                adapter);

        assertThat(Files.readString(adapter.resolve("adapter_config.json")))
                .containsSubsequence("""
                  "target_modules" : [\
                """, "\"ff_proj\"", "\"model.transformer.blocks.0.ff_out\"", "\"q_proj\"");
        try (PeftAdapter file =
                PeftAdapter.open(adapter, LayoutNames.olmo(1, false).naming())) {
            assertThat(file.config().targets().covers("model.transformer.ff_out"))
                    .isFalse();
            assertThat(file.config().targets().covers("model.transformer.blocks.1.ff_out"))
                    .isTrue();
        }
    }

    @Test
    void anAdapterThatChangesTheHeadIsRefused() {
        WeightSource a = WeightSource.of("a", Shape.of(1, 64), new float[64]);
        WeightSource b = WeightSource.of("b", Shape.of(160, 1), new float[160]);
        PeftAdapter.write(
                folder,
                PeftConfig.of(PeftScaling.of(1, 1), List.of("ff_out")),
                new PeftWeights(Map.of("model.transformer.ff_out", new LoraPair(a, b)), Map.of()));

        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"));
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false)))
                    .withMessage("load adapter: every module must be a linear layer of the model, but got"
                            + " model.transformer.ff_out; take the adapter of this model");
        }
    }

    @Test
    void theHeadIsTrainedWholeByItsFullName() {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"))) {
            LoraSettings settings = SETTINGS.with("targets", List.of("q_proj"));

            assertThat(AdapterLayout.of(
                                    tiny.model(), settings.with("modules_to_save", List.of("model.transformer.ff_out")))
                            .whole())
                    .isEqualTo(Map.of("model.transformer.ff_out.weight", Shape.of(160, 64)));
            assertThat(tiny.model().config().moduleName("model.transformer.ff_out.weight"))
                    .isEqualTo("model.transformer.ff_out");
            assertThat(tiny.model().config().moduleName("model.transformer.wte.weight"))
                    .isEqualTo("wte");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llada-tiny", "illada-tiny", "dream-tiny"})
    void aMergedFolderComputesWhatModelAndAdapterDo(String name) {
        Path model = Tiny.samplerFolder(name);
        double[] adapted = write(model, SETTINGS, folder.resolve("adapter"));
        Path out = folder.resolve("out");
        FolderMerge.write(model, List.of(folder.resolve("adapter")), out, Optional.empty());

        try (Tiny tiny = Tiny.open(out)) {
            assertThat(tiny.logits(CANVAS)).containsExactly(adapted, within(2e-4));
        }
    }

    @Test
    void mergingGrownTablesAndAHeadOfItsOwnSaysSoUnderTheFilesKeys() {
        Path model = Tiny.samplerFolder("illada-tiny");
        float[] table = new float[164 * 64];
        PeftAdapter.write(
                folder.resolve("adapter"),
                PeftConfig.of(PeftScaling.of(1, 1), List.of("q_proj"))
                        .withModulesToSave(List.of("wte", "model.transformer.ff_out")),
                new PeftWeights(
                        Map.of(),
                        Map.of(
                                "model.transformer.wte.weight",
                                WeightSource.of("wte", Shape.of(164, 64), table),
                                "model.transformer.ff_out.weight",
                                WeightSource.of("head", Shape.of(164, 64), table))));
        Path out = folder.resolve("out");
        FolderMerge.write(model, List.of(folder.resolve("adapter")), out, Optional.empty());

        LladaConfig merged = (LladaConfig) Models.config(HubFolder.config(out));
        assertThat(merged.tied()).isFalse();
        assertThat(merged.tokens()).isEqualTo(164);
        assertThat(merged.facts().vocabularySize()).isEqualTo(164);
        try (Tiny tiny = Tiny.open(out)) {
            assertThat(tiny.model().parameters().names()).contains("model.transformer.ff_out.weight");
        }
    }

    @Test
    void joinedMapsComputeWhatTheirPartsDo() throws IOException {
        Path model = folder.resolve("fused");
        Fused.write(model);

        try (Tiny parts = Tiny.open(Tiny.samplerFolder("illada-tiny"));
                Tiny fused = Tiny.open(model)) {
            assertThat(fused.model().linears()).hasSize(2 * 4);
            assertThat(fused.logits(CANVAS)).isEqualTo(parts.logits(CANVAS));
            Path saved = folder.resolve("saved");
            fused.job(ops -> {
                fused.model().save(ops, saved);
                return true;
            });
            assertThat(Models.config(HubFolder.config(saved)))
                    .isEqualTo(fused.model().config());
        }
        double[] adapted = write(model, SETTINGS, folder.resolve("adapter"));
        FolderMerge.write(model, List.of(folder.resolve("adapter")), folder.resolve("out"), Optional.empty());
        try (Tiny merged = Tiny.open(folder.resolve("out"))) {
            assertThat(merged.logits(CANVAS)).containsExactly(adapted, within(2e-4));
            assertThat(merged.model().linears().stream().map(linear -> linear.lastPart()))
                    .containsAll(Stream.of("att_proj", "attn_out", "ff_proj", "ff_out")
                            .toList());
        }
    }
}
