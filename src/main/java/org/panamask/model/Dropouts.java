package org.panamask.model;

import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.nn.Dropout;

/// The shares that a model's own dropouts drop in training, each in [0, 1).
///
/// @param embedding of what the first layer gets
/// @param attention of the attention's probabilities
/// @param residual of what a layer adds
public record Dropouts(double embedding, double attention, double residual) {
    private static final int OF_A_LAYER = 3;

    /// Nothing is dropped.
    public static Dropouts none() {
        return new Dropouts(0, 0, 0);
    }

    /// The share that `config` has under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is not in [0, 1)
    static double share(ModelConfig config, String key, double absent) {
        double share = config.doubleOr(key, absent);
        if (!(share >= 0 && share < 1)) {
            throw config.refused(key, "at least 0 and below 1");
        }
        return share;
    }

    /// The dropouts of a model with `linears` linear maps: the sites before theirs are those of adapters, one for
    /// each map.
    Sites after(int linears) {
        return new Sites(this, linears);
    }

    /// Where in a model they are.
    ///
    /// @param shares what they drop
    /// @param first the site of the first of them
    record Sites(Dropouts shares, int first) {
        /// Of what the first layer gets.
        Dropout embedding() {
            return new Dropout(shares.embedding(), first);
        }

        /// Of the probabilities of layer `layer`.
        Dropout probabilities(int layer) {
            return new Dropout(shares.attention(), site(layer));
        }

        /// Of what the attention of layer `layer` adds.
        Dropout attended(int layer) {
            return new Dropout(shares.residual(), site(layer) + 1);
        }

        /// Of what the feed-forward part of layer `layer` adds.
        Dropout fed(int layer) {
            return new Dropout(shares.residual(), site(layer) + 2);
        }

        private int site(int layer) {
            return first + 1 + OF_A_LAYER * layer;
        }
    }
}
