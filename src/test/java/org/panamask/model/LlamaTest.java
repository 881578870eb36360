package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.AttentionMask;

final class LlamaTest {
    private static final int[] IDS = IntStream.range(0, 24).map(n -> n * 7 % 90).toArray();

    @Test
    void wantedRowsAreThoseOfTheWholePass() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Canvas canvas = Canvas.of(2, 12, IDS);
            double[] all = tiny.hidden(canvas);
            double[] some = tiny.hidden(canvas.withRows(new int[] {3, 11, 20}));

            assertThat(some).hasSize(3 * 64);
            assertThat(Arrays.copyOfRange(some, 0, 64)).isEqualTo(Arrays.copyOfRange(all, 3 * 64, 4 * 64));
            assertThat(Arrays.copyOfRange(some, 128, 192)).isEqualTo(Arrays.copyOfRange(all, 20 * 64, 21 * 64));
        }
    }

    @Test
    void aRowDoesNotDependOnItsNeighboursOrPadding() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            double[] both = tiny.hidden(Canvas.of(2, 12, IDS).withMask(new AttentionMask.Lengths(List.of(12, 5))));
            double[] alone = tiny.hidden(Canvas.of(1, 5, Arrays.copyOfRange(IDS, 12, 17)));

            assertThat(Arrays.copyOfRange(both, 12 * 64, 17 * 64)).isEqualTo(alone);
        }
    }

    @Test
    void dropoutDependsOnTheSampleAndNotOnItsPlace() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            tiny.job(ops -> {
                Adapter adapter =
                        Adapter.create(tiny.model(), AdapterTest.SETTINGS.with("dropout", 0.5), 1, ops, tiny.owner());
                adapter.parameters().all().forEach(weight -> AdapterTest.fill(ops, weight));
                return adapter;
            });
            double[] both = tiny.hidden(Canvas.of(2, 12, IDS).withDropout(new Canvas.Dropout(9, List.of(4, 6))));
            double[] alone = tiny.hidden(
                    Canvas.of(1, 12, Arrays.copyOfRange(IDS, 12, 24)).withDropout(new Canvas.Dropout(9, List.of(6))));
            double[] without = tiny.hidden(Canvas.of(2, 12, IDS));

            assertThat(Arrays.copyOfRange(both, 12 * 64, 24 * 64)).isEqualTo(alone);
            assertThat(both).isNotEqualTo(without);
        }
    }

    @Test
    void aCanvasBeyondThePositionsIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.hidden(Canvas.of(1, 130, new int[130])))
                    .withMessage("hidden states: positions must be from 0 to 127, but got 128; take a shorter canvas");
        }
    }

    @Test
    void anIdOutsideTheVocabularyIsRefused() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            assertThatExceptionOfType(ModelException.class)
                    .isThrownBy(() -> tiny.hidden(Canvas.of(1, 2, new int[] {96, 97})))
                    .withMessage("hidden states: token ids must be from 0 to 96, but got 97;"
                            + " take the tokenizer of the model");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "llama3-tiny", "llama-tiny-bf16"})
    void aSavedModelIsTheSameModel(String name, @TempDir Path folder) {
        Canvas canvas = Canvas.of(2, 12, IDS);
        double[] before;
        LlamaConfig config;
        try (Tiny tiny = Tiny.open(name)) {
            before = tiny.logits(canvas);
            config = ((Llama) tiny.model()).config();
            tiny.job(ops -> {
                tiny.model().save(ops, folder);
                return config;
            });
        }
        try (Tiny tiny = Tiny.open(folder)) {
            assertThat(tiny.logits(canvas)).isEqualTo(before);
            assertThat(((Llama) tiny.model()).config()).isEqualTo(config);
        }
    }

    @Test
    void aTiedHeadIsTheEmbeddingAndIsNotListed() {
        try (Tiny tiny = Tiny.open("llama3-tiny")) {
            assertThat(tiny.model().head()).isSameAs(tiny.model().parameters().weight("model.embed_tokens.weight"));
            assertThat(tiny.model().parameters().names()).doesNotContain("lm_head.weight");
        }
    }

    @Test
    void aRandomStartIsTheSameForTheSameSeed() {
        LlamaConfig config = LlamaConfig.of(17, 16, 1, 2, 32);
        Canvas canvas = Canvas.of(1, 3, new int[] {1, 2, 3});
        double[] first;
        try (Tiny tiny = Tiny.created(config, 5)) {
            first = tiny.logits(canvas);
            assertThat(tiny.model().parameters().trainable())
                    .hasSameSizeAs(tiny.model().parameters().all());
            double[] gains = tiny.job(ops -> ops.doubles(
                    tiny.model().parameters().weight("model.norm.weight").value()));
            assertThat(gains).containsOnly(1);
        }
        try (Tiny same = Tiny.created(config, 5);
                Tiny other = Tiny.created(config, 6)) {
            assertThat(same.logits(canvas)).isEqualTo(first);
            assertThat(other.logits(canvas)).isNotEqualTo(first);
        }
    }

    @Test
    void closingTheOwnerGivesEveryByteBack() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            assertThat(tiny.backend().ledger().owners()).containsKey("weights");
            tiny.owner().close();
            assertThat(tiny.backend().ledger().owners()).doesNotContainKey("weights");
        }
    }
}
