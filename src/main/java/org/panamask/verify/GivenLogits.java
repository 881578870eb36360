package org.panamask.verify;

import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.KeyCache;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A model of one row that says what it is told: its hidden states are logits, one set for each pass, and its head
/// leaves them as they are.
final class GivenLogits implements Denoiser {
    private final Weight head;
    private final double[] logits;
    private final int vocabulary;
    private int pass;

    /// @param head the unit matrix
    GivenLogits(Weight head, double[] logits) {
        this.head = head;
        this.logits = logits.clone();
        this.vocabulary = (int) head.shape().extent(0);
    }

    /// The unit matrix of `size` rows.
    static HostTensor unit(int size) {
        float[] values = new float[size * size];
        for (int n = 0; n < size; n++) {
            values[n * size + n] = 1;
        }
        return HostTensor.of("head", Shape.of(size, size), values);
    }

    @Override
    public Tensor hidden(Ops ops, Canvas canvas) {
        int[] rows = canvas.rows();
        double[] chosen = new double[rows.length * vocabulary];
        for (int n = 0; n < rows.length; n++) {
            int from = (pass * canvas.tokens() + rows[n]) * vocabulary;
            System.arraycopy(logits, from, chosen, n * vocabulary, vocabulary);
        }
        pass++;
        return ops.upload(Shape.of(rows.length, vocabulary), chosen);
    }

    @Override
    public Weight head() {
        return head;
    }

    @Override
    public int vocabularySize() {
        return vocabulary;
    }

    @Override
    public Weight embedding() {
        return head;
    }

    @Override
    public KeyCache.Room keyRoom() {
        return new KeyCache.Room(0, 0);
    }

    @Override
    public int maxPositions() {
        return Integer.MAX_VALUE;
    }
}
