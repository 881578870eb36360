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
    /// @param attention queries, keys, values and output; or one map of the first three, and output
    /// @param feedForwardNorm before the feed-forward part
    /// @param feedForward gate, up and down; or one map of up and gate, in this order, and down
    public record Layer(
            String attentionNorm, List<String> attention, String feedForwardNorm, List<String> feedForward) {
        /// Keeps its own copies.
        public Layer {
            attention = List.copyOf(attention);
            feedForward = List.copyOf(feedForward);
        }

        /// Whether queries, keys and values are one map, and up and gate another.
        public boolean fused() {
            return attention.size() == 2;
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

    /// Those of OLMo, which LLaDA has; layers in groups of `group` are counted by group, and some of their maps may
    /// be `fused`.
    public static LayoutNames olmo(int group, boolean fused) {
        return new LayoutNames(
                new WrapperNaming("model.transformer.", "model.transformer.wte."),
                group == 1 ? "model.transformer.blocks." : "model.transformer.block_groups.",
                group,
                new Layer(
                        "attn_norm",
                        fused ? List.of("att_proj", "attn_out") : List.of("q_proj", "k_proj", "v_proj", "attn_out"),
                        "ff_norm",
                        fused ? List.of("ff_proj", "ff_out") : List.of("ff_proj", "up_proj", "ff_out")),
                "model.transformer.ln_f",
                "model.transformer.ff_out.weight");
    }

    /// How the names in layer `n` begin.
    public String layer(int n) {
        return group == 1 ? layers + n + "." : layers + n / group + "." + n % group + ".";
    }
}
