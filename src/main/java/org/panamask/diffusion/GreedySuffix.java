package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.TokenRule;

/// What a model writes where it reveals the token that it is surest of, one in each pass: of equally sure ones the
/// first.
///
/// @param model the model
/// @param passes where its passes run
/// @param maskToken the id that hides a token
/// @param alignment which hidden state predicts a column
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, eval_llada.py, suffix_greedy_prediction</a>
public record GreedySuffix(Denoiser model, Passes passes, int maskToken, Alignment alignment) {
    private record Revealed(int place, int token) {}

    /// Whether it writes the scored tokens of `text`. The first pass that reveals another token is the last.
    public boolean writes(ScoredText text) {
        return canvases(text, canvas -> agrees(canvas, text)).size() == text.scored() + 1;
    }

    /// The text before the first pass, with every scored token hidden, and after each pass, for as long as `goesOn`
    /// holds of what a pass has left; one for which it does not is not among them.
    public List<int[]> canvases(ScoredText text, Predicate<int[]> goesOn) {
        int[] canvas = text.ids().clone();
        BitSet hidden = new BitSet();
        hidden.set(0, text.scored());
        for (int column : text.columns()) {
            canvas[column] = maskToken;
        }
        List<int[]> canvases = new ArrayList<>(List.of(canvas.clone()));
        while (!hidden.isEmpty()) {
            Revealed revealed = passes.run(ops -> surest(ops, text, canvas, hidden));
            hidden.clear(revealed.place);
            canvas[text.columns()[revealed.place]] = revealed.token;
            if (!goesOn.test(canvas)) {
                return canvases;
            }
            canvases.add(canvas.clone());
        }
        return canvases;
    }

    private boolean agrees(int[] canvas, ScoredText text) {
        for (int column : text.columns()) {
            if (canvas[column] != maskToken && canvas[column] != text.ids()[column]) {
                return false;
            }
        }
        return true;
    }

    private Revealed surest(Ops ops, ScoredText text, int[] canvas, BitSet hidden) {
        int[] places = hidden.stream().toArray();
        ScoredRows.Builder rows = new ScoredRows.Builder(places.length);
        for (int place : places) {
            rows.add(alignment.source(text.columns()[place]), 0, 1);
        }
        Prediction prediction = ops.argmax(
                rows.build(1).hidden(ops, model, Canvas.of(1, canvas.length, canvas)), model.head(), TokenRule.plain());
        double[] sure = ops.doubles(prediction.logProbability());
        int best = 0;
        for (int r = 1; r < places.length; r++) {
            best = sure[r] > sure[best] ? r : best;
        }
        return new Revealed(places[best], ops.ints(prediction.tokens())[best]);
    }
}
