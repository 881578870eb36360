package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.diffusion.Canvas;

/// What training drops by itself in every family, and that nothing else does.
final class DropoutsTest {
    private static final String LLAMA = """
            {"model_type": "%s", "vocab_size": 19, "hidden_size": 16, "intermediate_size": 12, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.5, %s}\
            """;
    private static final String LLADA = """
            {"model_type": "llada", "d_model": 16, "n_layers": 2, "n_heads": 4, "vocab_size": 19, "rope": true,
             "layer_norm_type": "rms", "init_std": 0.5, "mlp_hidden_size": 24, %s}\
            """;
    private static final String PLAIN = "\"block_type\": \"llama\", \"activation_type\": \"silu\", ";
    private static final String NOTHING =
            "\"attention_dropout\": 0, \"residual_dropout\": 0.0, \"embedding_dropout\": 0.0";
    private static final String GPT2 = """
            {"model_type": "gpt2", "vocab_size": 19, "n_embd": 16, "n_layer": 2, "n_head": 4,
             "initializer_range": 0.5, %s}\
            """;
    private static final String NO_PDROP = "\"embd_pdrop\": 0, \"attn_pdrop\": 0, \"resid_pdrop\": 0";
    private static final int[] IDS = new int[24];

    static {
        Arrays.setAll(IDS, n -> n * 7 % 19);
    }

    private static final Canvas TWO = Canvas.of(2, 12, IDS);

    /// Settings of which one key is 0, and that key.
    private record Family(String zero, String key) {
        Architecture with(double share) {
            return read(zero.replaceFirst("\"" + key + "\": 0(\\.0)?", "\"" + key + "\": " + share));
        }

        @Override
        public String toString() {
            return with(0).facts().type() + " " + key;
        }
    }

    private static Architecture read(String json) {
        return Models.config(ModelConfig.parse("config.json", json));
    }

    private static Tiny open(Architecture config, String backend) {
        return Tiny.created(config, 3, backend);
    }

    static Stream<Family> families() {
        Stream<Family> llamas = Stream.of("llama", "qwen2", "Dream")
                .map(type -> new Family(LLAMA.formatted(type, "\"attention_dropout\": 0"), "attention_dropout"));
        Stream<Family> lladas = Stream.of("attention_dropout", "residual_dropout", "embedding_dropout")
                .flatMap(key -> Stream.of(
                        new Family(LLADA.formatted(PLAIN + NOTHING), key), new Family(LLADA.formatted(NOTHING), key)));
        Stream<Family> gpts = Stream.of("embd_pdrop", "attn_pdrop", "resid_pdrop")
                .map(key -> new Family(GPT2.formatted(NO_PDROP), key));
        return Stream.of(llamas, lladas, gpts).flatMap(each -> each);
    }

    private static Canvas.Dropout samples(Integer... samples) {
        return new Canvas.Dropout(9, List.of(samples));
    }

    @ParameterizedTest
    @MethodSource("families")
    void actsInTrainingAloneAndDependsOnTheSampleOnly(Family family) {
        Canvas second = Canvas.of(1, 12, Arrays.copyOfRange(IDS, 12, 24));
        try (Tiny dropping = open(family.with(0.5), "reference");
                Tiny keeping = open(family.with(0), "reference")) {
            double[] both = dropping.hidden(TWO.withDropout(samples(4, 6)));
            double[] alone = dropping.hidden(second.withDropout(samples(6)));
            double[] some = dropping.hidden(TWO.withRows(new int[] {3, 20}).withDropout(samples(4, 6)));

            assertThat(Arrays.copyOfRange(both, 12 * 16, 24 * 16)).isEqualTo(alone);
            assertThat(Arrays.copyOfRange(some, 16, 32)).isEqualTo(Arrays.copyOfRange(both, 20 * 16, 21 * 16));
            assertThat(both).isNotEqualTo(dropping.hidden(TWO.withDropout(samples(4, 5))));
            double[] without = keeping.hidden(TWO);
            assertThat(both).isNotEqualTo(without);
            assertThat(dropping.hidden(TWO)).isEqualTo(without);
            assertThat(keeping.hidden(TWO.withDropout(samples(4, 6)))).isEqualTo(without);
        }
    }

    /// What differs are roundings; another draw would move a state by a tenth at least.
    @ParameterizedTest
    @MethodSource("families")
    void isTheSameOnEveryBackend(Family family) {
        Canvas canvas = TWO.withDropout(samples(4, 6));
        double[] expected;
        try (Tiny reference = open(family.with(0.5), "reference")) {
            expected = reference.hidden(canvas);
        }
        for (String backend : List.of("cpu", "cuda")) {
            try (Tiny other = open(family.with(0.5), backend)) {
                assertThat(other.hidden(canvas)).as(backend).containsExactly(expected, within(1e-4));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void isKeptInTheFile(Family family) {
        Architecture config = family.with(0.25);
        try (Tiny tiny = open(config, "reference")) {
            assertThat(read(tiny.model().configJson("float32"))).isEqualTo(config);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void aShareThatLeavesNothingIsRefused(Family family) {
        for (double share : new double[] {1, -0.5}) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> family.with(share))
                    .withMessage("config.json: " + family.key() + " must be at least 0 and below 1, but got " + share
                            + "; correct the file or take another model");
        }
    }

    @ParameterizedTest
    @CsvSource({"llama", "qwen2", "Dream"})
    void whatALlamaLeavesOutIsNotDropped(String type) {
        Architecture config = read(LLAMA.formatted(type, "\"rope_theta\": 5e5"));
        LlamaConfig layout = config instanceof LlamaFamily.Settings settings ? settings.layout() : (LlamaConfig) config;
        assertThat(layout.dropouts()).isEqualTo(Dropouts.none());
    }

    @Test
    void whatALladaLeavesOutIsATenthAsInTheReference() {
        LladaConfig config = (LladaConfig) read(LLADA.formatted("\"rope_theta\": 5e5"));
        assertThat(config.layout().dropouts()).isEqualTo(new Dropouts(0.1, 0.1, 0.1));
    }

    @Test
    void noSiteIsThatOfAnAdapterOrOfAnother() {
        Dropouts.Sites sites = new Dropouts(0.1, 0.2, 0.3).after(14);
        assertThat(Stream.of(
                                sites.embedding(),
                                sites.probabilities(0),
                                sites.attended(0),
                                sites.fed(0),
                                sites.probabilities(1),
                                sites.attended(1),
                                sites.fed(1))
                        .map(dropout -> dropout.site()))
                .containsExactly(14, 15, 16, 17, 18, 19, 20);
    }
}
