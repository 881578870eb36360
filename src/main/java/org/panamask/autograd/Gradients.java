package org.panamask.autograd;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Into;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Tensor;

/// The gradients of activations while the way back is walked. The first contribution to a tensor is kept as it is,
/// later ones are added in place; a gradient that serves several tensors is copied before one of them adds to it.
final class Gradients {
    private final BackwardOps ops;
    private final Map<Object, Held> held = new IdentityHashMap<>();
    private long made;

    Gradients(BackwardOps ops) {
        this.ops = ops;
    }

    private static final class Held {
        private Tensor tensor;

        /// When its tensor was made, which is how those of one end lie in memory.
        private long order;

        private int holders = 1;

        Held(Tensor tensor, long order) {
            this.tensor = tensor;
            this.order = order;
        }
    }

    /// Where the next contribution to the gradient of `x` goes.
    Into into(Tensor x) {
        Held present = held.get(x.identity());
        if (present != null && present.holders == 1) {
            return new Into(present.tensor.reshape(x.shape().toArray()), true);
        }
        Tensor fresh = ops.empty(x.shape(), x.dtype());
        if (present != null) {
            present.holders--;
            ops.copy(present.tensor.reshape(x.shape().toArray()), fresh);
        }
        held.put(x.identity(), new Held(fresh, made++));
        return new Into(fresh, present != null);
    }

    /// Contributes `gradient` of `from`, all of it, to the gradient of `x`, without a copy where it is the first.
    void share(Tensor x, Tensor from) {
        Held source = Objects.requireNonNull(held.get(from.identity()));
        if (held.containsKey(x.identity())) {
            ops.accumulate(source.tensor.reshape(x.shape().toArray()), into(x));
        } else {
            source.holders++;
            held.put(x.identity(), source);
        }
    }

    /// Makes `gradient` the gradient of `x`, or adds it.
    void put(Tensor x, Tensor gradient) {
        if (held.containsKey(x.identity())) {
            ops.accumulate(gradient, into(x));
        } else {
            held.put(x.identity(), new Held(gradient, made++));
        }
    }

    /// The gradient of `x` so far.
    Optional<Tensor> of(Tensor x) {
        return Optional.ofNullable(held.get(x.identity()))
                .map(present -> present.tensor.reshape(x.shape().toArray()));
    }

    /// Forgets the gradient of `x`, whose step has been undone.
    void drop(Tensor x) {
        Held present = held.remove(x.identity());
        if (present != null) {
            present.holders--;
        }
    }

    /// Ends the scopes of `high` and, where given, `low`, keeping every gradient that is still wanted.
    void release(JobArena.Mark high, JobArena.Mark low) {
        JobArena arena = ops.arena();
        List<Held> living = held.values().stream()
                .distinct()
                .sorted(Comparator.comparingLong(each -> each.order))
                .toList();
        List<Held> moving = new ArrayList<>();
        for (Held each : living) {
            if (arena.isSince(high, each.tensor)) {
                moving.add(each);
            }
        }
        for (Held each : living) {
            if (arena.isSince(low, each.tensor)) {
                Tensor copy = ops.empty(each.tensor.shape(), each.tensor.dtype());
                ops.copy(each.tensor, copy);
                each.tensor = copy;
                each.order = made++;
                moving.add(each);
            }
        }
        List<Tensor> moved = arena.releaseKeeping(
                high, moving.stream().map(each -> each.tensor).toList());
        for (int i = 0; i < moved.size(); i++) {
            moving.get(i).tensor = moved.get(i);
        }
        arena.release(low);
    }
}
