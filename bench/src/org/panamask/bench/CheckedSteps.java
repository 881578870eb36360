package org.panamask.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Corrupted;
import org.panamask.train.AnswerLearning;
import org.panamask.train.Learning;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The steps that both sides take in a check, as a file: ids, times and masks, so that neither draws.
///
/// @param rows where the ids come from
/// @param learning whose noise is written down
/// @param count how many steps
/// @param rate of every step
record CheckedSteps(BenchRows rows, Learning learning, int count, double rate) {
    /// Writes them to `file`.
    void write(Path file) {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode asked = mapper.createObjectNode().put("learning_rate", rate);
        for (int step = 0; step < count; step++) {
            Corrupted noisy = noisy(step);
            ObjectNode one = asked.withArray("steps").addObject();
            one.set("ids", mapper.valueToTree(rows(noisy.clean().ids())));
            one.set("times", mapper.valueToTree(noisy.times()));
            one.set("masked", mapper.valueToTree(rows(noisy.masked())));
        }
        mapper.writeValue(file, asked);
    }

    private Corrupted noisy(int step) {
        return switch (learning) {
            case Learning.Diffusion diffusion -> diffusion.masker().corrupt(rows.at(step), step);
            case Learning.MultiGranularity _, Learning.NextToken _, AnswerLearning _ ->
                throw new IllegalArgumentException("checked steps: masked diffusion is compared, but got " + learning);
        };
    }

    private static List<int[]> rows(int[] values) {
        List<int[]> rows = new ArrayList<>();
        for (int start = 0; start < values.length; start += BenchRows.TOKENS) {
            rows.add(Arrays.copyOfRange(values, start, start + BenchRows.TOKENS));
        }
        return rows;
    }

    private static List<boolean[]> rows(boolean[] values) {
        List<boolean[]> rows = new ArrayList<>();
        for (int start = 0; start < values.length; start += BenchRows.TOKENS) {
            rows.add(Arrays.copyOfRange(values, start, start + BenchRows.TOKENS));
        }
        return rows;
    }
}
