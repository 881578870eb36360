package org.panamask.model;

import java.util.Optional;
import org.panamask.checkpoint.WeightSource;
import org.panamask.nn.InitialValues;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;

/// Rows that a model's embedding and head get when it is loaded, for tokens that were added to its tokenizer. A new row
/// is the mean of the old ones plus normal noise of deviation `1 / sqrt(width)`, so that it begins as a token like any
/// other; a tied head grows with the embedding.
///
/// @param vocabularySize the rows there will be; a model that has more keeps them
/// @param mask the id of the mask token, if that is one of the tokens added
/// @param seed of the noise
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA,
///     LLaMA-Factory/src/llamafactory/model/model_utils/embedding.py</a>
public record Growth(int vocabularySize, Optional<Integer> mask, long seed) {
    /// None.
    public static Growth none() {
        return new Growth(0, Optional.empty(), 0);
    }

    /// The settings of the model that `config` describes, grown.
    public Architecture of(Architecture config) {
        ModelFacts facts = config.facts();
        SpecialIds special = mask.map(id -> facts.special().withMask(id)).orElse(facts.special());
        return config.withTokens(Math.max(vocabularySize, facts.vocabularySize()), special);
    }

    /// The matrix `stored` with new rows up to the shape `needed`.
    WeightSource grown(WeightSource stored, Shape needed) {
        long more = needed.extent(0) - stored.shape().extent(0);
        if (more == 0) {
            return stored;
        }
        long width = needed.extent(1);
        HostTensor noise = new InitialValues(seed)
                .normal(stored.name() + ".added", Shape.of(more, width), 1 / Math.sqrt((double) width));
        double[] means = stored.columnMeans();
        float[] rows = new float[Math.toIntExact(more * width)];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) (means[n % means.length] + noise.at(n));
        }
        return stored.withRows(rows);
    }
}
