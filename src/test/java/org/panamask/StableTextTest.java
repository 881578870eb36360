package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.panamask.data.RowIds;
import org.panamask.text.Tokenizer;

class StableTextTest {
    private static final int EOS = 2;
    private static final int MASK = 4;
    private static final int TURN_END = 100;
    private static final int START = 2;

    private StableText text(Tokenizer tokenizer, boolean revises) {
        RowIds special = new RowIds(0, 1, EOS, 3, MASK);
        Prompts.Layout layout = new Prompts.Layout(100, true, false, List.of(EOS, TURN_END));
        return new StableText(new Prompts(tokenizer, special, Optional.empty(), layout), START, revises);
    }

    private static Tokenizer tokenizer() {
        return Tokenizer.open(Path.of("examples/jargon/model"));
    }

    private static int[] canvas(int[] answer) {
        int[] canvas = new int[START + answer.length];
        System.arraycopy(answer, 0, canvas, START, answer.length);
        return canvas;
    }

    private List<String> taken(StableText text) throws InterruptedException {
        return Taken.all(text.log()).items();
    }

    @Test
    void charactersOfSeveralTokensComeWhole() throws Exception {
        try (Tokenizer tokenizer = tokenizer()) {
            int[] ids = tokenizer.encode("a \u8A9E\uD83D\uDE42!");
            StableText text = text(tokenizer, false);
            for (int open = 0; open < ids.length; open++) {
                int[] answer = ids.clone();
                for (int i = open; i < answer.length; i++) {
                    answer[i] = MASK;
                }
                text.changed(canvas(answer));
            }
            text.finished(canvas(ids));

            assertThat(ids.length).isGreaterThan(6);
            assertThat(taken(text)).containsExactly("a", " ", "\u8A9E", "\uD83D\uDE42", "!");
        }
    }

    @Test
    void whatStandsBehindAMaskWaits() throws Exception {
        try (Tokenizer tokenizer = tokenizer()) {
            int[] ids = tokenizer.encode("hacker");
            StableText text = text(tokenizer, false);
            int[] gap = new int[ids.length + 1];
            System.arraycopy(ids, 0, gap, 1, ids.length);
            gap[0] = MASK;
            text.changed(canvas(gap));
            gap[0] = tokenizer.encode("a")[0];
            text.finished(canvas(gap));

            assertThat(taken(text)).containsExactly("ahacker");
        }
    }

    @Test
    void itEndsAtTheFirstTokenThatEndsAnAnswer() throws Exception {
        try (Tokenizer tokenizer = tokenizer()) {
            int a = tokenizer.encode("a")[0];
            for (int stop : new int[] {EOS, TURN_END, 3}) {
                StableText text = text(tokenizer, false);
                text.changed(canvas(new int[] {a, stop, a, MASK}));
                assertThat(taken(text)).containsExactly("a");
                text.finished(canvas(new int[] {a, stop, a, a}));
                assertThat(taken(text)).containsExactly("a");
            }
        }
    }

    @Test
    void nothingIsStableBeforeTheEndWhereColumnsChange() throws Exception {
        try (Tokenizer tokenizer = tokenizer()) {
            int[] ids = tokenizer.encode("hacker");
            StableText text = text(tokenizer, true);
            text.changed(canvas(ids));
            Taken<String> taken = Taken.of(text.log(), 1);
            assertThat(taken.items()).isEmpty();
            text.finished(canvas(ids));

            assertThat(taken.end().items()).containsExactly("hacker");
        }
    }
}
