package org.panamask.model;

import java.util.List;
import java.util.Map;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.nn.Rotary;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A model that has the layers of a Llama under its own settings and names.
public sealed interface LlamaFamily extends Model permits Dream, Llada, Qwen2 {
    /// Settings that come down to those of a Llama.
    sealed interface Settings extends Architecture permits Dream.Config, LladaConfig, Qwen2.Config {
        /// The sizes and names of the layers.
        LlamaConfig layout();

        @Override
        default Map<String, Shape> weights() {
            return layout().weights();
        }

        @Override
        default boolean tied() {
            return layout().tied();
        }

        @Override
        default WrapperNaming naming() {
            return layout().naming();
        }

        @Override
        default String headName() {
            return layout().headName();
        }

        @Override
        default boolean ignores(String name) {
            return layout().ignores(name);
        }

        @Override
        default double deviation(String name) {
            return layout().deviation(name);
        }
    }

    @Override
    Settings config();

    /// The layers with embedding and head.
    Llama layers();

    /// Its rotary tables.
    default Rotary rotary() {
        return layers().rotary();
    }

    @Override
    default Tensor hidden(Ops ops, Canvas canvas) {
        return layers().hidden(ops, canvas);
    }

    @Override
    default KeyCache.Room keyRoom() {
        return layers().keyRoom();
    }

    @Override
    default Weight embedding() {
        return layers().embedding();
    }

    @Override
    default Weight head() {
        return layers().head();
    }

    @Override
    default Parameters parameters() {
        return layers().parameters();
    }

    @Override
    default List<Linear> linears() {
        return layers().linears();
    }

    @Override
    default List<String> replaceable() {
        return layers().replaceable();
    }

    @Override
    default void replace(String name, Weight weight) {
        layers().replace(name, weight);
    }
}
