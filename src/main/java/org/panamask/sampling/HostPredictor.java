package org.panamask.sampling;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Passes;

/// Reads the logits of the columns asked for and chooses tokens on the host: where a hook, credit or given random
/// numbers need logits. Hooks are called while the pass runs.
final class HostPredictor implements Predictor {
    private final Denoiser model;
    private final Passes passes;
    private final Decoding decoding;
    private final CandidateRows rows;
    private final LogitsRule rule;

    HostPredictor(Denoiser model, Passes passes, Decoding decoding, Optional<Kept> kept) {
        this.model = model;
        this.passes = passes;
        this.decoding = decoding;
        this.rows = new CandidateRows(model, decoding, kept);
        this.rule = new LogitsRule(
                decoding.tokenRule(), decoding.settings().tokens().temperature() == 0);
    }

    @Override
    public long equalTokens() {
        return rows.equal().saved();
    }

    @Override
    public List<Candidates> predict(List<Asked> asked) {
        return passes.run(ops -> {
            HostLogits logits = new HostLogits(ops, rows.of(ops, asked), model);
            return asked.stream().map(one -> candidates(one, logits)).toList();
        });
    }

    private Candidates candidates(Asked one, HostLogits logits) {
        Candidates.Builder builder = new Candidates.Builder(one.columns().size());
        int source = -1;
        for (int column : one.columns()) {
            if (decoding.alignment().source(column) != source) {
                source = decoding.alignment().source(column);
                logits.next();
            }
            LogitsRule.Chosen chosen = choose(one.row(), column, logits.row());
            builder.add(column, chosen.token(), chosen.score(), chosen.probability());
        }
        return builder.build();
    }

    private LogitsRule.Chosen choose(BlockRow row, int column, double[] logits) {
        row.credits().ifPresent(credits -> credits.apply(column, logits));
        decoding.hooks().logits().ifPresent(hook -> hook.change(row.clock(), row.place(), column, logits));
        return rule.choose(logits, (tempered, filtered) -> draw(row, column, tempered, filtered));
    }

    private int draw(BlockRow row, int column, double[] tempered, double[] filtered) {
        Optional<GivenNoise> given = decoding.draws().given();
        if (given.isEmpty()) {
            return LogitsRule.drawn(filtered, decoding.draws().token(row.sample(), column, row.clock()));
        }
        GivenNoise.Place place = row.drawing(column);
        double[] keys = new double[filtered.length];
        Arrays.setAll(keys, id -> {
            double noise = given.get().token(place, id);
            return decoding.refers(Reference.LLADA) ? tempered[id] - Math.log(-Math.log(noise)) : filtered[id] / noise;
        });
        return LogitsRule.largest(keys);
    }
}
