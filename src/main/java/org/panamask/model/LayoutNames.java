package org.panamask.model;

import java.util.List;
import org.panamask.checkpoint.WrapperNaming;

/// What the parts of a model of Llama's layout are called in files.
///
/// @param naming the trunk and the embedding
/// @param layers how names of layers begin
/// @param group how many layers are counted together; 1 for all in one row
/// @param layer the parts of a layer
/// @param norm the last norm
/// @param head the head's weight
public record LayoutNames(WrapperNaming naming, String layers, int group, Layer layer, String norm, String head) {
    /// The parts of a layer, which are all below [LayoutNames#layer(int)].
    ///
    /// @param attentionNorm before the attention
    /// @param attention queries, keys, values and output
    /// @param feedForwardNorm before the feed-forward part
    /// @param feedForward gate, up and down
    public record Layer(
            String attentionNorm, List<String> attention, String feedForwardNorm, List<String> feedForward) {
        /// Keeps its own copies.
        public Layer {
            attention = List.copyOf(attention);
            feedForward = List.copyOf(feedForward);
        }
    }

    /// Those of Llama and Qwen2.
    public static LayoutNames llama() {
        return new LayoutNames(
                new WrapperNaming("model.", "model.embed_tokens."),
                "model.layers.",
                1,
                new Layer(
                        "input_layernorm",
                        List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
                        "post_attention_layernorm",
                        List.of("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")),
                "model.norm",
                Model.HEAD);
    }

    /// Those of OLMo, which LLaDA has; layers in groups of `group` are counted by group.
    public static LayoutNames olmo(int group) {
        return new LayoutNames(
                new WrapperNaming("model.transformer.", "model.transformer.wte."),
                group == 1 ? "model.transformer.blocks." : "model.transformer.block_groups.",
                group,
                new Layer(
                        "attn_norm",
                        List.of("q_proj", "k_proj", "v_proj", "attn_out"),
                        "ff_norm",
                        List.of("ff_proj", "up_proj", "ff_out")),
                "model.transformer.ln_f",
                "model.transformer.ff_out.weight");
    }

    /// How the names in layer `n` begin.
    public String layer(int n) {
        return group == 1 ? layers + n + "." : layers + n / group + "." + n % group + ".";
    }
}
