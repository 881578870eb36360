package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftScaling;
import org.panamask.checkpoint.PeftWeights;
import org.panamask.checkpoint.WeightSource;
import org.panamask.config.SettingException;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.Lora;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

final class AdapterTest {
    static final LoraSettings SETTINGS = LoraSettings.defaults().with("rank", 4);
    private static final Canvas CANVAS = Canvas.of(1, 5, new int[] {1, 20, 30, 40, 50});

    /// Puts numbers that differ into a trainable weight.
    static void fill(BackwardOps ops, Weight weight) {
        double[] values = new double[(int) weight.shape().count()];
        for (int n = 0; n < values.length; n++) {
            values[n] = Math.sin(n + weight.name().hashCode()) / 8;
        }
        ops.copy(ops.upload(weight.shape(), values), weight.value());
        weight.changed();
    }

    private static Adapter create(Tiny tiny, LoraSettings settings) {
        return tiny.job(ops -> Adapter.create(tiny.model(), settings, 3, ops, tiny.owner()));
    }

    private static Adapter filled(Tiny tiny) {
        Adapter adapter = create(tiny, SETTINGS);
        change(tiny, ops -> adapter.parameters().all().forEach(weight -> fill(ops, weight)));
        return adapter;
    }

    private static void change(Tiny tiny, Consumer<BackwardOps> work) {
        tiny.job(ops -> {
            work.accept(ops);
            return true;
        });
    }

    @Test
    void aNewAdapterChangesNothing() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            double[] before = tiny.logits(CANVAS);
            Adapter adapter = create(tiny, SETTINGS);

            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(adapter.parameters().names())
                    .hasSize(2 * 7 * 2)
                    .startsWith(
                            "model.layers.0.self_attn.q_proj.lora_A.weight",
                            "model.layers.0.self_attn.q_proj.lora_B.weight");
            assertThat(adapter.parameters().trainable()).hasSize(28);
        }
    }

    @Test
    void onlyTargetsGetBranches() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = create(tiny, SETTINGS.with("targets", List.of("q_proj", "down_proj")));

            assertThat(adapter.parameters().names()).hasSize(2 * 2 * 2);
            assertThat(adapter.parameters().count()).isEqualTo(2L * 4 * (64 + 64 + 112 + 64));
        }
    }

    @Test
    void anUnknownTargetIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> create(tiny, SETTINGS.with("targets", List.of("q_prj"))))
                    .withMessage("lora.targets must name linear layers of the model, not 'q_prj'; it has down_proj,"
                            + " gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj");
        }
    }

    @Test
    void patternsGiveLayersTheirOwnRankAndStrength(@TempDir Path folder) {
        LoraSettings settings = SETTINGS.with("targets", List.of("q_proj", "down_proj"))
                .with("alpha", 6)
                .with("use_rslora", true)
                .with("rank_pattern", Map.of("down_proj", 9))
                .with("alpha_pattern", Map.of("layers\\.1\\..*_proj", 12.0));
        double[] adapted;
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = create(tiny, settings);
            assertThat(scales(tiny)).containsExactly(6 / 2f, 6 / 3f, 12 / 2f, 12 / 3f);
            assertThat(adapter.parameters().count()).isEqualTo(2L * (4 * (64 + 64) + 9 * (112 + 64)));
            assertThat(adapter.parameters().count())
                    .isEqualTo(AdapterLayout.of(tiny.model(), settings).count());
            change(tiny, ops -> {
                adapter.parameters().all().forEach(weight -> fill(ops, weight));
                adapter.save(ops, folder, "llama-tiny");
            });
            adapted = tiny.logits(CANVAS);
        }
        try (Tiny tiny = Tiny.open("llama-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));

            assertThat(tiny.logits(CANVAS)).isEqualTo(adapted);
            assertThat(file.config().scaling().ranks().numbers()).isEqualTo(Map.of("down_proj", 9.0));
            assertThat(file.config().scaling().alphas().numbers()).isEqualTo(Map.of("layers\\.1\\..*_proj", 12.0));
            assertThat(file.config().scaling().rankStabilised()).isTrue();
        }
    }

    private static List<Float> scales(Tiny tiny) {
        return tiny.model().linears().stream()
                .flatMap(linear -> linear.lora().stream())
                .map(Lora::scale)
                .toList();
    }

    @Test
    void aPatternThatMatchesNothingIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            LoraSettings settings = SETTINGS.with("targets", List.of("q_proj", "v_proj"));
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> create(tiny, settings.with("rank_pattern", Map.of("q_prj", 2))))
                    .withMessage("lora.rank_pattern must name layers that get adapters, not 'q_prj', did you mean"
                            + " 'q_proj'? they are q_proj, v_proj");
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> create(tiny, settings.with("alpha_pattern", Map.of("layers.9.*proj", 2.0))))
                    .withMessage("lora.alpha_pattern must name layers that get adapters, not 'layers.9.*proj'; they are"
                            + " q_proj, v_proj");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> create(tiny, settings.with("rank_pattern", Map.of("(q_proj", 2))))
                    .withMessage("lora.rank_pattern must be a regular expression of characters, classes, groups, |, *,"
                            + " + and ?, but got (q_proj; list the modules instead");
        }
    }

    @Test
    void aWholeEmbeddingIsNoLongerTiedToTheHead() {
        try (Tiny tiny = Tiny.open("llama3-tiny")) {
            Weight head = tiny.model().head();
            double[] before = tiny.logits(CANVAS);
            Adapter adapter = create(
                    tiny, SETTINGS.with("targets", List.of("q_proj")).with("modules_to_save", List.of("embed_tokens")));

            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(tiny.model().head()).isSameAs(head);
            assertThat(tiny.model().parameters().names()).contains("lm_head.weight");
            assertThat(adapter.parameters().weight("model.embed_tokens.weight").trainable())
                    .isTrue();
            assertThat(head.trainable()).isFalse();
        }
    }

    @Test
    void modulesToSaveAreTrainedWhole(@TempDir Path folder) {
        double[] trained;
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            double[] before = tiny.logits(CANVAS);
            Adapter adapter = create(
                    tiny,
                    SETTINGS.with("targets", List.of("q_proj"))
                            .with("modules_to_save", List.of("embed_tokens", "lm_head")));
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(adapter.parameters().names()).contains("model.embed_tokens.weight", "lm_head.weight");
            assertThat(adapter.parameters().trainable()).hasSize(2 * 2 + 2);

            change(tiny, ops -> {
                adapter.parameters().all().forEach(weight -> fill(ops, weight));
                adapter.save(ops, folder, "llama-tiny");
            });
            trained = tiny.logits(CANVAS);
            assertThat(trained).isNotEqualTo(before);
            adapter.detach();
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
        }
        try (Tiny tiny = Tiny.open("llama-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));

            assertThat(tiny.logits(CANVAS)).isEqualTo(trained);
            assertThat(file.config().modulesToSave()).containsExactly("embed_tokens", "lm_head");
        }
    }

    @Test
    void aModuleThatCannotBeWholeIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> create(tiny, SETTINGS.with("modules_to_save", List.of("norm"))))
                    .withMessage("lora.modules_to_save must name modules of the model that can be trained whole, not"
                            + " 'norm'; it has down_proj, embed_tokens, gate_proj, k_proj, lm_head, o_proj, q_proj,"
                            + " up_proj, v_proj");
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> create(tiny, SETTINGS.with("modules_to_save", List.of("q_proj"))))
                    .withMessage("lora.modules_to_save must name modules that lora.targets does not name, not 'q_proj';"
                            + " take it out of one of the two");
        }
    }

    @Test
    void aDetachedAdapterLeavesTheModelAsItWas() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            double[] before = tiny.logits(CANVAS);
            Adapter adapter = filled(tiny);
            assertThat(tiny.logits(CANVAS)).isNotEqualTo(before);

            adapter.detach();

            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
        }
    }

    @Test
    void aSavedAdapterIsTheSameAdapter(@TempDir Path folder) {
        double[] adapted;
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = filled(tiny);
            adapted = tiny.logits(CANVAS);
            change(tiny, ops -> adapter.save(ops, folder, "llama-tiny"));
        }
        try (Tiny tiny = Tiny.open("llama-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));

            assertThat(tiny.logits(CANVAS)).isEqualTo(adapted);
            assertThat(file.config().baseModel()).isEqualTo("llama-tiny");
        }
    }

    @Test
    void aMergedModelCanBeSaved(@TempDir Path folder) {
        double[] adapted;
        try (Tiny tiny = Tiny.open("llama3-tiny")) {
            Adapter adapter = filled(tiny);
            adapted = tiny.logits(CANVAS);
            change(tiny, ops -> {
                adapter.merge(ops, tiny.owner());
                tiny.model().save(ops, folder);
            });
        }
        try (Tiny tiny = Tiny.open(folder)) {
            assertThat(tiny.logits(CANVAS)).containsExactly(adapted, within(1e-4));
        }
    }

    @Test
    void unmergingRestoresTheExactBits() {
        try (Tiny tiny = Tiny.open("llama-tiny-bf16")) {
            double[] before = tiny.logits(CANVAS);
            List<Weight> weights = tiny.model().parameters().all();
            Adapter adapter = filled(tiny);
            double[] beside = tiny.logits(CANVAS);
            change(tiny, ops -> adapter.merge(ops, tiny.owner()));
            double[] merged = tiny.logits(CANVAS);
            change(tiny, ops -> adapter.merge(ops, tiny.owner()));

            assertThat(tiny.logits(CANVAS)).isEqualTo(merged).isNotEqualTo(beside);
            assertThat(tiny.model().linears())
                    .allMatch(linear -> linear.weight().value().dtype() == DType.BF16);
            assertThat(merged).containsExactly(beside, within(0.1));
            adapter.unmerge();
            assertThat(tiny.logits(CANVAS)).isEqualTo(beside);
            change(tiny, ops -> adapter.merge(ops, tiny.owner()));
            adapter.detach();
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(tiny.model().parameters().all()).isEqualTo(weights);
        }
    }

    @Test
    void aWholeEmbeddingUntiesTheHeadUntilItIsDetached(@TempDir Path folder) {
        try (Tiny tiny = Tiny.open("llama3-tiny")) {
            WeightSource zeros = WeightSource.of("model.embed_tokens.weight", Shape.of(128, 48), new float[128 * 48]);
            write(folder, "model.layers.0.self_attn.q_proj", 64, Map.of(zeros.name(), zeros));
            Weight head = tiny.model().head();
            try (PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
                Adapter adapter = tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false));
                assertThat(tiny.model().head()).isSameAs(head);
                assertThat(tiny.model().parameters().names()).contains("lm_head.weight");
                assertThat(tiny.hidden(CANVAS)).containsOnly(0);
                adapter.detach();
            }
            assertThat(tiny.model().parameters().names()).doesNotContain("lm_head.weight");
        }
    }

    @Test
    void aModuleOfAnotherModelIsRefused(@TempDir Path folder) {
        write(folder, "model.layers.7.self_attn.q_proj", 64, Map.of());
        try (Tiny tiny = Tiny.open("llama3-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false)))
                    .withMessage("load adapter: every module must be a linear layer of the model, but got"
                            + " model.layers.7.self_attn.q_proj; take the adapter of this model");
        }
    }

    @Test
    void anAdapterOfAnotherWidthIsRefused(@TempDir Path folder) {
        write(folder, "model.layers.0.self_attn.q_proj", 63, Map.of());
        try (Tiny tiny = Tiny.open("llama3-tiny");
                PeftAdapter file = PeftAdapter.open(folder, tiny.model().naming())) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> tiny.job(ops -> Adapter.load(tiny.model(), file, ops, tiny.owner(), false)))
                    .withMessageContaining("is [63, 2], the model needs [64, 2]");
        }
    }

    private static void write(Path folder, String module, int out, Map<String, WeightSource> saved) {
        LoraPair pair = new LoraPair(
                WeightSource.of("a", Shape.of(2, 48), new float[96]),
                WeightSource.of("b", Shape.of(out, 2), new float[out * 2]));
        PeftConfig config = PeftConfig.of(PeftScaling.of(2, 4), List.of("q_proj"));
        PeftAdapter.write(
                folder,
                saved.isEmpty() ? config : config.withModulesToSave(List.of("embed_tokens")),
                new PeftWeights(Map.of(module, pair), saved));
    }
}
