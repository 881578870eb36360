package org.panamask.tensor;

import java.util.List;
import java.util.function.Supplier;

/// The memory of one job, handed out from two ends: activations grow from one, gradients from the other, so that each
/// end frees in the reverse order of making. See [BackwardOps#arena].
public interface JobArena {
    /// The end that new tensors come from.
    enum End {
        /// Activations.
        LOW,
        /// Gradients.
        HIGH
    }

    /// How far an end had grown; releasing to it ends the scope of every tensor made since.
    interface Mark {}

    /// The end that operations take their results from now.
    End end();

    /// Takes results from `end` from now on.
    void use(End end);

    /// Opens a scope on `end`: tensors made there from now on end with it.
    Mark mark(End end);

    /// Ends every scope of its end that was opened at `mark` or later.
    void release(Mark mark);

    /// Runs `body` in a scope on both ends: every tensor made inside ends with it.
    default <T> T scoped(Supplier<T> body) {
        Mark low = mark(End.LOW);
        Mark high = mark(End.HIGH);
        try {
            return body.get();
        } finally {
            release(high);
            release(low);
        }
    }

    /// Releases `mark` but keeps `survivors`, moving them to where `mark` stood, into a fresh scope that the same
    /// mark ends: `mark` may be released again, which is how a chain of layers stays in the memory of one.
    ///
    /// @param mark of the end that the survivors were made on
    /// @param survivors tensors made since `mark`, in the order of their making
    /// @return the survivors' values in their new place, in the same order
    List<Tensor> releaseKeeping(Mark mark, List<Tensor> survivors);

    /// What [Ops#chain] does where nothing is recorded: each link's result replaces what was made for it.
    default Tensor chain(Tensor x, int links, Ops.Link link) {
        Mark mark = mark(End.LOW);
        Tensor y = x;
        for (int index = 0; index < links; index++) {
            Tensor next = link.apply(index, y);
            if (isSince(mark, next)) {
                y = releaseKeeping(mark, List.of(next)).getFirst();
            } else {
                release(mark);
                y = next;
            }
        }
        return y;
    }

    /// Whether `tensor` was made since `mark`, on its end.
    boolean isSince(Mark mark, Tensor tensor);
}
