package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Keys and values of every row of a canvas, layer by layer, kept from pass to pass: a pass that is fed some rows takes
/// those of all others from here. Keys are kept rotated, as a row's position does not change. Rows are `b * T + i` of
/// the canvas that the room was made for; a text that is finished is fed no more. One pass at a time may use it.
///
/// @see <a href="https://arxiv.org/abs/2505.22618">Wu et al. 2025, Fast-dLLM</a>
public final class KeyCache implements AutoCloseable {
    private final int batch;
    private final int tokens;
    private final Owner owner;
    private final List<Layer> layers;
    private final BitSet stored = new BitSet();

    /// How much a model keeps of a row.
    ///
    /// @param layers the number of its layers
    /// @param width the elements of a layer's keys, which are those of its values
    public record Room(int layers, int width) {}

    /// What one layer keeps.
    ///
    /// @param keys `[B * T, width]`, of the type of activations
    /// @param values the same
    public record Layer(Tensor keys, Tensor values) {}

    private KeyCache(int batch, int tokens, Owner owner, List<Layer> layers) {
        this.batch = batch;
        this.tokens = tokens;
        this.owner = owner;
        this.layers = layers;
    }

    /// An empty cache for canvases of `batch` rows of `tokens` columns in the memory of a new owner. This takes all
    /// the memory that it will ever take.
    public static KeyCache open(Passes passes, Room room, int batch, int tokens) {
        Owner owner = passes.owner("key cache");
        try {
            return passes.run(ops -> new KeyCache(batch, tokens, owner, layers(ops, owner, room, batch * tokens)));
        } catch (RuntimeException failure) {
            owner.close();
            throw failure;
        }
    }

    private static List<Layer> layers(Ops ops, Owner owner, Room room, int rows) {
        Shape shape = Shape.of(rows, room.width());
        List<Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < room.layers(); layer++) {
            layers.add(new Layer(ops.zeros(owner, shape, ops.dtype()), ops.zeros(owner, shape, ops.dtype())));
        }
        return List.copyOf(layers);
    }

    /// B of the canvases that it serves.
    public int batch() {
        return batch;
    }

    /// T of the canvases that it serves.
    public int tokens() {
        return tokens;
    }

    /// What each layer keeps, the first layer first.
    public List<Layer> layers() {
        return layers;
    }

    /// Whether keys and values of row `row` are there.
    public boolean holds(int row) {
        return stored.get(row);
    }

    /// Says that a pass is about to write `rows`: until [#written] they count as missing.
    public void writing(int[] rows) {
        for (int row : rows) {
            stored.clear(row);
        }
    }

    /// Says that `rows` are written in all layers.
    public void written(int[] rows) {
        for (int row : rows) {
            stored.set(row);
        }
    }

    /// Gives the memory back.
    @Override
    public void close() {
        owner.close();
    }
}
