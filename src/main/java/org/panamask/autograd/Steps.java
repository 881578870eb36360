package org.panamask.autograd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// What a tape remembers: how to undo each step, and which tensors depend on something trained. Steps of a link of a
/// chain are undone together, after which the link's activations end. Where links are recomputed only their inputs are
/// remembered: on the way back a link runs once more, this time remembering, from the same input, masks and noise, and
/// so with the same bits.
final class Steps {
    private final BackwardOps ops;
    private final Gradients gradients;
    private final boolean recompute;
    private final Set<Object> tracked = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> watched = Collections.newSetFromMap(new IdentityHashMap<>());
    private List<Step> steps = new ArrayList<>();
    private boolean recording = true;
    private JobArena.@Nullable Mark base;

    private record Step(Tensor output, Consumer<Tensor> undo) {}

    /// A link that was run without remembering its steps.
    private record Link(Ops.Link link, int index, Tensor input, Tensor output, JobArena.Mark low) {}

    Steps(BackwardOps ops, Gradients gradients, boolean recompute) {
        this.ops = ops;
        this.gradients = gradients;
        this.recompute = recompute;
    }

    void watch(Tensor tensor) {
        tracked.add(tensor.identity());
        watched.add(tensor.identity());
    }

    boolean tracks(Tensor tensor) {
        return tracked.contains(tensor.identity());
    }

    private boolean watches(Tensor tensor) {
        return watched.contains(tensor.identity());
    }

    /// Remembers how to undo `output` when one of its sources is tracked.
    Tensor record(Tensor output, boolean wanted, Consumer<Tensor> undo) {
        if (wanted) {
            tracked.add(output.identity());
            if (recording) {
                steps.add(new Step(output, undo));
            }
        }
        return output;
    }

    void undo() {
        undo(steps);
    }

    private void undo(List<Step> some) {
        for (Step step : some.reversed()) {
            gradients.of(step.output()).ifPresent(dy -> {
                step.undo().accept(dy);
                if (!watches(step.output())) {
                    gradients.drop(step.output());
                }
            });
        }
    }

    /// See [Ops#chain].
    Tensor chain(Tensor x, int links, Ops.Link link) {
        Tensor y = x;
        for (int index = 0; index < links; index++) {
            JobArena.Mark low = ops.arena().mark(JobArena.End.LOW);
            y = recompute ? keepInput(link, index, y, low) : keepSteps(link, index, y, low);
        }
        return y;
    }

    private Tensor keepSteps(Ops.Link link, int index, Tensor x, JobArena.Mark low) {
        List<Step> outer = steps;
        steps = new ArrayList<>();
        Tensor y = link.apply(index, x);
        List<Step> inner = steps;
        steps = outer;
        if (inner.stream().anyMatch(step -> step.output().identity().equals(y.identity()))) {
            steps.add(new Step(y, _ -> undoLink(inner, low)));
            return y;
        }
        return settled(y, low);
    }

    private Tensor keepInput(Ops.Link link, int index, Tensor x, JobArena.Mark low) {
        boolean outer = recording;
        recording = false;
        Tensor made = link.apply(index, x);
        recording = outer;
        boolean isNew = ops.arena().isSince(low, made);
        Tensor y = settled(made, low);
        Link kept = new Link(link, index, x, y, low);
        return isNew ? record(y, tracks(made), _ -> recompute(kept)) : y;
    }

    /// Ends what was made since `low` but `y`.
    private Tensor settled(Tensor y, JobArena.Mark low) {
        if (ops.arena().isSince(low, y)) {
            return ops.arena().releaseKeeping(low, List.of(y)).getFirst();
        }
        ops.arena().release(low);
        return y;
    }

    /// Runs a link again, remembering its steps, and undoes them. What was made after its input is not needed any
    /// more and makes room first.
    private void recompute(Link of) {
        gradients.release(high(), of.low());
        JobArena.Mark low = ops.arena().mark(JobArena.End.LOW);
        List<Step> outer = steps;
        steps = new ArrayList<>();
        ops.arena().use(JobArena.End.LOW);
        Tensor again = of.link().apply(of.index(), of.input());
        ops.arena().use(JobArena.End.HIGH);
        List<Step> inner = steps;
        steps = outer;
        gradients.share(again, of.output());
        if (!watches(of.output())) {
            gradients.drop(of.output());
        }
        undoLink(inner, low);
    }

    /// Undoes the steps of one link, then gives back its activations and all gradients but those still wanted.
    private void undoLink(List<Step> inner, JobArena.Mark low) {
        JobArena.Mark high = high();
        undo(inner);
        gradients.release(high, low);
    }

    /// Where the gradients of links begin.
    private JobArena.Mark high() {
        JobArena.Mark high = base;
        if (high == null) {
            high = ops.arena().mark(JobArena.End.HIGH);
            base = high;
        }
        return high;
    }
}
