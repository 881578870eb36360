package org.panamask.diffusion;

import org.panamask.tensor.AttentionMask;

/// Opens attention from causal to full over the first optimizer steps: at ratio r a key after the query is visible
/// with probability r. One draw for each step serves every row, head and layer.
///
/// @param steps the optimizer steps until attention is fully open; 0 and 1 open it at once
/// @param seed of the draws
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py,
///     get_anneal_attn_mask</a>
public record Annealing(int steps, long seed) {
    /// Checks the range.
    public Annealing {
        if (steps < 0) {
            throw new IllegalArgumentException("annealing: steps must not be negative, but got " + steps);
        }
    }

    /// The ratio while `step` optimizer steps are completed: `min(1, (step + 1) / steps)`.
    public double ratio(long step) {
        return steps == 0 ? 1 : Math.min(1, (step + 1) / (double) steps);
    }

    /// The mask while `step` optimizer steps are completed; `open` is what is visible at ratio 1.
    public AttentionMask mask(long step, AttentionMask open) {
        double ratio = ratio(step);
        return ratio == 1
                ? open
                : new AttentionMask.Annealed(ratio, new Noise(seed).key(NoisePurpose.ANNEAL, step), open);
    }
}
