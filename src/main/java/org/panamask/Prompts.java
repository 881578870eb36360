package org.panamask;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.data.RowIds;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ModelTemplate;
import org.panamask.text.PromptTemplate;
import org.panamask.text.Tokenizer;
import org.panamask.train.LoadedModel;

/// Lays texts out on canvases, and reads answers back.
final class Prompts {
    private final Tokenizer tokenizer;
    private final RowIds special;
    private final Optional<PromptTemplate> template;
    private final Layout layout;
    private final int begin;

    /// How the rows of a model are laid out.
    ///
    /// @param mostTokens the longest canvas
    /// @param begins whether a canvas starts with the begin token
    /// @param separates whether a separator stands between prompt and answer
    /// @param ends ids that end an answer
    record Layout(int mostTokens, boolean begins, boolean separates, List<Integer> ends) {
        /// The layout that the family of `loaded` learnt.
        static Layout of(LoadedModel loaded, boolean begins) {
            boolean separates = SamplerSettings.of(loaded.model().facts().type()) instanceof DdmSettings;
            return new Layout(loaded.model().maxPositions(), begins, separates, loaded.stops());
        }
    }

    Prompts(Tokenizer tokenizer, RowIds special, Optional<PromptTemplate> template, Layout layout) {
        this.tokenizer = tokenizer;
        this.special = special;
        this.template = template;
        this.layout = layout;
        this.begin = layout.begins() ? 1 : 0;
    }

    /// Canvases whose given columns are marked, and the column where each answer or gap starts.
    record Laid(int[][] ids, boolean[][] given, int[] starts) {
        SamplerInput input() {
            return SamplerInput.of(ids, given).namedByContent();
        }
    }

    /// Lays prompts out, each on a canvas as long as `settings` say.
    Laid answers(List<Prompt> prompts, SamplerSettings settings) {
        Laid laid = new Laid(new int[prompts.size()][], new boolean[prompts.size()][], new int[prompts.size()]);
        for (int row = 0; row < prompts.size(); row++) {
            int[] prompt = ids(prompts.get(row));
            int start = prompt.length;
            int length = settings.canvasLength(start);
            requireLength("generate", length);
            if (start >= length) {
                throw new GenerationException("generate: a canvas of " + length
                        + " tokens must leave room for an answer, but the prompt takes " + start
                        + " of them; raise the length or shorten the prompt");
            }
            int[] ids = Arrays.copyOf(prompt, length);
            Arrays.fill(ids, start, length, special.mask());
            boolean[] given = new boolean[length];
            Arrays.fill(given, 0, start, true);
            laid.ids[row] = ids;
            laid.given[row] = given;
            laid.starts[row] = start;
        }
        return laid;
    }

    /// All that stands before an answer. A model's own template says all of it, begin token included; other prompts
    /// stand between a begin token and a separator, where the model has learnt them so.
    private int[] ids(Prompt prompt) {
        if (template.isPresent() && template.get() instanceof ModelTemplate own) {
            return own.promptIds(prompt.messages(), prompt.system(), tokenizer, special.bos(), special.eos());
        }
        int[] said = template.isPresent() ? templated(prompt, template.get()) : raw(prompt);
        int[] ids = new int[begin + said.length + (layout.separates() ? 1 : 0)];
        Arrays.fill(ids, 0, begin, special.bos());
        System.arraycopy(said, 0, ids, begin, said.length);
        if (layout.separates()) {
            ids[ids.length - 1] = special.sep();
        }
        return ids;
    }

    private int[] templated(Prompt prompt, PromptTemplate layout) {
        int[] ids = layout.promptIds(prompt.messages(), prompt.system(), tokenizer, special.bos(), special.eos());
        return ids.length > 0 && ids[0] == special.bos() ? Arrays.copyOfRange(ids, 1, ids.length) : ids;
    }

    private int[] raw(Prompt prompt) {
        if (!prompt.isSingle()) {
            throw new GenerationException("prompt: a conversation or a system text needs a template, but the model has"
                    + " none; name one or ask a single question");
        }
        return tokenizer.encode(prompt.messages().getFirst().content());
    }

    /// Whether there is a template, so that conversations can be laid out.
    boolean hasTemplate() {
        return template.isPresent();
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
        if (length > layout.mostTokens()) {
            throw new GenerationException(what + ": the model has positions for " + layout.mostTokens()
                    + " tokens, but the canvas has " + length + "; ask for a shorter one");
        }
    }

    /// The first column from `start` on that holds no text: one with a token that ends the answer, or behind all.
    int end(int[] ids, int start) {
        int end = start;
        while (end < ids.length && !ends(ids[end])) {
            end++;
        }
        return end;
    }

    private boolean ends(int id) {
        return id == special.eos() || id == special.pad() || layout.ends().contains(id);
    }

    /// The first masked column from `start` on, or behind all.
    int firstMask(int[] ids, int start) {
        int first = start;
        while (first < ids.length && ids[first] != special.mask()) {
            first++;
        }
        return first;
    }

    /// The text of `ids` from column `start` up to the first token that ends it.
    String answer(int[] ids, int start) {
        return text(ids, start, end(ids, start));
    }

    /// The text of the columns `[from, to)`.
    String text(int[] ids, int from, int to) {
        return tokenizer.decode(Arrays.copyOfRange(ids, from, to), true);
    }

    /// The canvas after its begin token, for people to look at.
    String shown(int[] ids) {
        return shown(ids, begin);
    }

    /// The canvas from column `from` on with its special tokens written out. Neighbouring tokens are read together,
    /// as characters may be made of several.
    String shown(int[] ids, int from) {
        StringBuilder text = new StringBuilder();
        int at = from;
        while (at < ids.length) {
            int end = at;
            while (end < ids.length
                    && ids[end] != special.mask()
                    && ids[end] != special.pad()
                    && ids[end] != special.eos()) {
                end++;
            }
            text.append(text(ids, at, end));
            if (end < ids.length && ids[end] == special.mask()) {
                text.append('_');
            } else if (end < ids.length && ids[end] == special.eos() && ids[end] != special.pad()) {
                text.append(tokenizer.decode(new int[] {ids[end]}, false));
            }
            at = end + 1;
        }
        return text.toString();
    }
}
