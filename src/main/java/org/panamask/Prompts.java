package org.panamask;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.data.RowIds;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ChatTemplate;
import org.panamask.text.Message;
import org.panamask.text.Tokenizer;

/// Lays texts out on canvases, and reads answers back.
final class Prompts {
    private final Tokenizer tokenizer;
    private final RowIds special;
    private final Optional<ChatTemplate> template;
    private final int mostTokens;
    private final int begin;

    /// @param begins whether a canvas starts with the begin token
    Prompts(Tokenizer tokenizer, RowIds special, Optional<ChatTemplate> template, int mostTokens, boolean begins) {
        this.tokenizer = tokenizer;
        this.special = special;
        this.template = template;
        this.mostTokens = mostTokens;
        this.begin = begins ? 1 : 0;
    }

    /// Canvases whose given columns are marked, and the column where each answer or gap starts.
    record Laid(int[][] ids, boolean[][] given, int[] starts) {
        SamplerInput input() {
            return SamplerInput.of(ids, given);
        }
    }

    /// Lays prompts out, each on a canvas as long as `settings` say.
    Laid answers(List<String> prompts, SamplerSettings settings) {
        Laid laid = new Laid(new int[prompts.size()][], new boolean[prompts.size()][], new int[prompts.size()]);
        for (int row = 0; row < prompts.size(); row++) {
            int[] prompt = ids(prompts.get(row));
            int start = begin + prompt.length + 1;
            int length = settings.canvasLength(start);
            requireLength("generate", length);
            if (start >= length) {
                throw new GenerationException("generate: a canvas of " + length
                        + " tokens must leave room for an answer, but the prompt takes " + start
                        + " of them; raise the length or shorten the prompt");
            }
            int[] ids = new int[length];
            Arrays.fill(ids, special.mask());
            Arrays.fill(ids, 0, begin, special.bos());
            System.arraycopy(prompt, 0, ids, begin, prompt.length);
            ids[start - 1] = special.sep();
            boolean[] given = new boolean[length];
            Arrays.fill(given, 0, start, true);
            laid.ids[row] = ids;
            laid.given[row] = given;
            laid.starts[row] = start;
        }
        return laid;
    }

    /// The ids of a prompt, which stand as one question in the template where there is one.
    private int[] ids(String prompt) {
        return template.map(layout -> layout.prompt(List.of(new Message(Message.Role.USER, prompt)), "")
                        .withoutBegin()
                        .ids(tokenizer::encode, special.bos(), special.eos()))
                .orElseGet(() -> tokenizer.encode(prompt));
    }

    /// Lays a text with a gap of `middle` tokens out.
    Laid gap(String prefix, String suffix, int middle) {
        int[] before = tokenizer.encode(prefix);
        int[] after = tokenizer.encode(suffix);
        if (middle < 1) {
            throw new GenerationException(
                    "infill: the gap must have at least 1 token, not " + middle + "; ask for more tokens");
        }
        int start = begin + before.length;
        int length = start + middle + after.length;
        requireLength("infill", length);
        int[] ids = new int[length];
        Arrays.fill(ids, special.mask());
        Arrays.fill(ids, 0, begin, special.bos());
        System.arraycopy(before, 0, ids, begin, before.length);
        System.arraycopy(after, 0, ids, start + middle, after.length);
        boolean[] given = new boolean[length];
        Arrays.fill(given, true);
        Arrays.fill(given, start, start + middle, false);
        return new Laid(new int[][] {ids}, new boolean[][] {given}, new int[] {start});
    }

    private void requireLength(String what, int length) {
        if (length > mostTokens) {
            throw new GenerationException(what + ": the model has positions for " + mostTokens
                    + " tokens, but the canvas has " + length + "; ask for a shorter one");
        }
    }

    /// The text of `ids` from column `start` up to the first end or padding token.
    String answer(int[] ids, int start) {
        int end = start;
        while (end < ids.length && ids[end] != special.eos() && ids[end] != special.pad()) {
            end++;
        }
        return tokenizer.decode(Arrays.copyOfRange(ids, start, end), true);
    }

    /// The text of the columns `[from, to)`.
    String text(int[] ids, int from, int to) {
        return tokenizer.decode(Arrays.copyOfRange(ids, from, to), true);
    }

    /// The canvas after its begin token, for people to look at.
    String shown(int[] ids) {
        return shown(ids, begin);
    }

    /// The canvas from column `from` on with its special tokens written out.
    String shown(int[] ids, int from) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < ids.length; i++) {
            if (ids[i] == special.mask()) {
                text.append('_');
            } else if (ids[i] != special.pad()) {
                text.append(tokenizer.decode(new int[] {ids[i]}, ids[i] != special.eos()));
            }
        }
        return text.toString();
    }
}
