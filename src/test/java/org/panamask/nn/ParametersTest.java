package org.panamask.nn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ParametersTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.embed_tokens.weight",
                "lm_head.weight",
                "model.layers.0.mlp.up_proj.weight",
                "model.layers.0.self_attn.q_proj.lora_A.weight",
                "model.normal.weight",
                "transformer.wpe.weight",
                "transformer.h.0.attn.c_attn.weight",
                "transformer.ln_out.weight"
            })
    void matricesDecay(String name) {
        assertThat(Parameters.decays(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.norm.weight",
                "model.layers.3.input_layernorm.weight",
                "model.layers.3.self_attn.q_norm.weight",
                "model.layers.3.self_attn.q_proj.bias",
                "model.RMSNorm.weight",
                "transformer.h.0.ln_1.weight",
                "transformer.h.11.ln_2.bias",
                "transformer.ln_f.weight"
            })
    void normsAndBiasesDoNot(String name) {
        assertThat(Parameters.decays(name)).isFalse();
    }
}
