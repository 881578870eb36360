package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendSettings;
import org.panamask.config.SettingException;
import org.panamask.data.DataSettings;
import org.panamask.diffusion.AlphaSchedule;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.LossNormType;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.RowWeighting;
import org.panamask.nn.LoraSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.tensor.TokenWeighting;

class SettingsRangesTest {
    @Test
    void objectivesCheckThemselves() {
        assertThat(new Objective.DdmSft(true, 1e-3, 0, LossNormalization.REFERENCE).annealSteps())
                .isZero();
        assertRefused(
                () -> new Objective.DdmSft(true, 2.0, 1, LossNormalization.REFERENCE),
                "epsilon must be between 0 and 1, both excluded, not 2.0");
        assertRefused(
                () -> new Objective.Ddm(true, 0.5, -1, LossNormalization.REFERENCE, true),
                "anneal_steps must be at least 0, not -1");
        Objective.Mgdm mgdm = Objective.Mgdm.defaults();
        assertThat(mgdm.tokenWeighting()).isEqualTo(new TokenWeighting(0.25, 1));
        assertThat(mgdm.with("token_reweighting", false).tokenWeighting()).isEqualTo(TokenWeighting.NONE);
        assertRefused(() -> mgdm.with("diffusion_steps", 0), "diffusion_steps must be at least 1, not 0");
        assertRefused(() -> mgdm.with("alpha", 0), "alpha must be above 0, not 0.0");
        assertRefused(() -> mgdm.with("gamma", -1), "gamma must be at least 0, not -1.0");
    }

    @Test
    void objectivesThatFillRowsCheckThemselves() {
        LladaObjective llada = LladaObjective.defaults();
        assertThat(llada).isEqualTo(new LladaObjective(false, 1e-3, 0.01, LossNormType.SEQUENCE));
        assertRefused(() -> llada.with("epsilon", 0), "epsilon must be between 0 and 1, both excluded, not 0.0");
        assertRefused(() -> llada.with("random_length", 1.5), "random_length must be from 0 to 1, not 1.5");
        MdlmObjective mdlm = MdlmObjective.defaults();
        assertThat(mdlm.weighting()).isEqualTo(new RowWeighting.Scheduled(AlphaSchedule.LINEAR));
        assertThat(mdlm.with("loss_weight_type", "uniform").weighting()).isEqualTo(new RowWeighting.Uniform());
        assertRefused(
                () -> mdlm.with("time_epsilon", 1), "time_epsilon must be between 0 and 1, both excluded, not 1.0");
        DreamObjective dream = DreamObjective.defaults();
        assertThat(dream.loss().tokens()).isEqualTo(TokenWeighting.NONE);
        assertThat(dream.with("token_reweighting", true).loss().tokens()).isEqualTo(new TokenWeighting(0.25, 2));
        assertRefused(() -> dream.with("cart_p", 0), "cart_p must be above 0 and at most 1, not 0.0");
        assertRefused(() -> dream.with("alpha", 0), "alpha must be above 0, not 0.0");
        assertRefused(() -> dream.with("gamma", -1), "gamma must be at least 0, not -1.0");
        assertRefused(() -> dream.with("resp_cutoff_ratio", 2), "resp_cutoff_ratio must be from 0 to 1, not 2.0");
        assertRefused(
                () -> dream.with("perbatch_cutoff", true).with("resp_cutoff_ratio", 0.5),
                "resp_cutoff_ratio must be 0 when objective.perbatch_cutoff is true, not 0.5");
    }

    @Test
    void adaptersCheckThemselves() {
        LoraSettings lora = LoraSettings.defaults();
        assertThat(lora.resolvedAlpha()).isEqualTo(16);
        assertRefused(() -> lora.with("rank", 0), "rank must be at least 1, not 0");
        assertRefused(() -> lora.with("alpha", 0), "alpha must be above 0, not 0.0");
        assertRefused(
                () -> lora.with("rank_pattern", Map.of("q_proj", 0)),
                "rank_pattern must give ranks of at least 1, but gives q_proj 0");
        assertRefused(
                () -> lora.with("alpha_pattern", Map.of("q_proj", 0.0)),
                "alpha_pattern must give alphas above 0, but gives q_proj 0.0");
        assertRefused(() -> lora.with("dropout", 1), "dropout must be at least 0 and below 1, not 1.0");
        assertRefused(
                () -> lora.with("targets", List.of()), "targets must name at least one layer, such as q_proj, or all");
        assertRefused(
                () -> lora.with("targets", List.of(" ")), "targets must name layers, such as q_proj, not empty text");
    }

    @Test
    void samplersCheckThemselves() {
        DdmSettings sample = DdmSettings.defaults();
        assertThat(sample.greedy()).isTrue();
        assertThat(sample.with("choice", "sample").greedy()).isFalse();
        assertThat(sample.with("choice", "sample").with("temperature", 0).greedy())
                .isTrue();
        assertRefused(() -> sample.with("steps", 0), "steps must be at least 1, not 0");
        assertRefused(() -> sample.with("temperature", -1), "temperature must be at least 0, not -1.0");
        assertRefused(() -> sample.with("top_p", 0), "top_p must be above 0 and at most 1, not 0.0");
        assertRefused(() -> sample.with("top_k", -1), "top_k must be at least 0, not -1");
        assertRefused(() -> sample.with("length", 1), "length must be at least 2, not 1");
        assertRefused(() -> sample.with("stochastic", -1), "stochastic must be at least 0, not -1.0");
        DdmSettings random = sample.with("order", "random");
        assertRefused(() -> random.with("remask", true), "remask must be false unless order is confidence, not true");
        assertRefused(
                () -> random.with("schedule", "cosine"),
                "schedule must be linear unless order is confidence, not cosine");
        assertRefused(() -> random.with("stochastic", 0.5), "stochastic must be 0 unless order is confidence, not 0.5");
    }

    @Test
    void dataChecksItself() {
        DataSettings data = DataSettings.of(Path.of("rows"));
        assertThat(data.with("val_size", 0.05).validationRows(101)).isEqualTo(6);
        assertThat(data.with("val_size", 5).validationRows(101)).isEqualTo(5);
        assertThat(data.validationRows(101)).isZero();
        String rule = "val_size must be 0, a share below 1, or a whole number of rows above 1, not ";
        assertRefused(() -> data.with("val_size", 1), rule + "1.0");
        assertRefused(() -> data.with("val_size", 1.5), rule + "1.5");
        assertRefused(() -> data.with("val_size", -1), rule + "-1.0");
        assertRefused(() -> data.with("workers", -1), "workers must be at least 0, not -1");
    }

    @Test
    void trainingChecksItself() {
        TrainSettings train = TrainSettings.defaults();
        assertRefused(() -> train.with("micro_batch", 0), "micro_batch must be at least 1, not 0");
        assertRefused(() -> train.with("learning_rate", 0), "learning_rate must be above 0, not 0.0");
        assertRefused(() -> train.with("warmup_ratio", 2), "warmup_ratio must be between 0 and 1, not 2.0");
        assertThat(train.with("max_grad_norm", -1).maxGradNorm()).isEqualTo(-1);
        assertRefused(() -> train.with("log_every", 0), "log_every must be at least 1, not 0");
        assertRefused(
                () -> train.with("step_count", "round"), "step_count must be one of ceil, floor, but got 'round'");
    }

    @Test
    void backendsAndModelsCheckThemselves() {
        assertRefused(() -> BackendSettings.defaults().with("threads", -1), "threads must be at least 0, not -1");
        assertRefused(
                () -> BackendSettings.defaults().with("memory_limit", "much"),
                "memory_limit must be a size such as 8GiB or 0 for none, not 'much'");
        assertRefused(
                () -> BackendSettings.defaults().with("dtype", "fp16"),
                "dtype must be one of f32, bf16, f16, fp8, f64, but got 'fp16', did you mean 'f16'?");
        assertRefused(
                () -> ModelSettings.of(Path.of("m")).with("mask_token_id", -1),
                "mask_token_id must be at least 0, not -1");
        assertRefused(
                () -> ModelSettings.of(Path.of("m")).with("adapter", "a").with("mask_token", "add"),
                "mask_token must not be add when model.adapter is given; an adapter keeps the tokens it was trained"
                        + " with");
        assertRefused(
                () -> ModelSettings.of(Path.of("m")).with("mask_token_id", 3).with("mask_token", "add"),
                "mask_token must be left out when model.mask_token_id is given; keep one of the two");
    }

    private static void assertRefused(ThrowingCallable change, String message) {
        assertThatExceptionOfType(SettingException.class).isThrownBy(change).withMessage(message);
    }
}
