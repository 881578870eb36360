package org.panamask;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerStep;

/// Answers that are being generated. They can be waited for, watched and cancelled, from any thread.
///
/// Publishers remember what they have published: a subscriber gets all of it from the first item on, whenever it comes,
/// and at its own pace. A slow one neither holds the generation up nor misses anything; what it has not yet taken stays
/// in memory, at most one event for each token that changes. Subscribers are called on virtual threads, each by one
/// thread at a time.
public final class Answering {
    private final Stop stop;
    private final Prompts.Laid laid;
    private final CompletableFuture<List<Generation>> answers = new CompletableFuture<>();
    private final EventLog<TokenEvent> events = new EventLog<>();
    private final List<StableText> texts = new ArrayList<>();
    private final List<int[]> last = new ArrayList<>();

    Answering(Stop stop, Prompts prompts, Prompts.Laid laid, boolean revises) {
        this.stop = stop;
        this.laid = laid;
        for (int start : laid.starts()) {
            texts.add(new StableText(prompts, start, revises));
        }
        var _ = answers.whenComplete((_, _) -> {
            if (answers.isCancelled()) {
                stop.cancel();
            }
        });
    }

    /// The answers in the order of the prompts, once all are there. Cancelling the future cancels the generation.
    /// Otherwise it ends with a [StoppedException] when the generation is stopped, be it by [#cancel], its deadline
    /// or by closing the model.
    public CompletableFuture<List<Generation>> answers() {
        return answers;
    }

    /// Stops the generation before its next pass. Does nothing when it is done.
    public void cancel() {
        stop.cancel();
    }

    /// The column of the canvas where the answer to the prompt `row` starts.
    public int start(int row) {
        return laid.starts()[row];
    }

    /// The canvas of the prompt `row` before the first step: the prompt, then mask tokens.
    public int[] canvas(int row) {
        return laid.ids()[row].clone();
    }

    /// The tokens that change, step by step.
    public Flow.Publisher<TokenEvent> events() {
        return events;
    }

    /// The answer to the prompt `row`, piece by piece: each piece is appended to those before it and never taken
    /// back, and all pieces together are the text of the answer. A piece comes as soon as no column before its end
    /// is masked; where a sampler may change open columns, everything comes at the end.
    public Flow.Publisher<String> text(int row) {
        return texts.get(row).log();
    }

    SamplerListener listener() {
        return this::changed;
    }

    private void changed(SamplerStep step) {
        if (last.isEmpty()) {
            last.addAll(step.ids());
            return;
        }
        List<TokenEvent> changes = new ArrayList<>();
        for (int row = 0; row < last.size(); row++) {
            int[] before = last.get(row);
            int[] after = step.ids().get(row);
            double[] confidence = step.probabilities().get(row);
            for (int i = 0; i < after.length; i++) {
                if (before[i] != after[i]) {
                    changes.add(new TokenEvent(row, step.step(), i, before[i], after[i], confidence[i]));
                }
            }
            last.set(row, after);
            texts.get(row).changed(after);
        }
        events.add(changes);
    }

    /// Nothing changes any more.
    void end(List<int[]> ids) {
        for (int row = 0; row < texts.size(); row++) {
            texts.get(row).finished(ids.get(row));
        }
        events.end();
    }

    void complete(List<Generation> all) {
        answers.complete(all);
    }

    void fail(Throwable reason) {
        texts.forEach(text -> text.log().fail(reason));
        events.fail(reason);
        answers.completeExceptionally(reason);
    }
}
