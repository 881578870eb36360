package org.panamask.verify;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.LogitsRule;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// Dream's filters on given logits: which tokens stay, with which probabilities, and how sure the distribution is.
final class DreamFilterCases implements SamplerCaseRunner {
    private static final List<String> ORDERS = List.of("maskgit_plus", "topk_margin", "entropy");

    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dream_generate") && fixture.id().startsWith("filters/");
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        JsonNode given = fixture.input("logits");
        int rows = (int) fixture.shape(given)[0];
        int ids = (int) fixture.shape(given)[1];
        double[] logits = fixture.doubles(given);
        double[] probabilities = new double[logits.length];
        Deviations.Nearness near = new Deviations.Nearness(fixture.tolerance("abs"), 0);
        BlockSettings settings =
                SamplerRun.settings(fixture).with("confidence_from", "filtered").with("suppress_mask_token", false);
        double temperature = settings.tokens().temperature();
        for (int row = 0; row < rows; row++) {
            double[] tempered = Arrays.stream(logits, row * ids, (row + 1) * ids)
                    .map(l -> temperature == 0 ? l : l / temperature)
                    .toArray();
            double[] p = rule(settings).filtered(tempered);
            System.arraycopy(p, 0, probabilities, row * ids, ids);
            int[] kept = IntStream.range(0, ids).filter(id -> p[id] > 0).toArray();
            deviations.compareIds(
                    "kept[" + row + "]",
                    kept,
                    fixture.ints(fixture.output("kept").path(row)));
        }
        deviations.compare("probabilities", probabilities, fixture.doubles(fixture.output("probabilities")), near);
        for (String order : ORDERS) {
            BlockSettings ordered = settings.with("alg", order);
            double[] scores = IntStream.range(0, rows)
                    .mapToDouble(row -> rule(ordered)
                            .choose(
                                    Arrays.copyOfRange(logits, row * ids, (row + 1) * ids),
                                    (_, p) -> IntStream.range(0, ids)
                                            .reduce((a, b) -> p[b] > p[a] ? b : a)
                                            .orElseThrow())
                            .score())
                    .toArray();
            deviations.compare(order, scores, fixture.doubles(fixture.output("confidence_" + order)), near);
        }
    }

    private static LogitsRule rule(BlockSettings settings) {
        return LogitsRule.of(settings, new SamplerTokens(0, 0, List.of(0), List.of()), true);
    }
}
