package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.panamask.tensor.AttentionMask;

/// The micro-batches of an optimizer step while their rows are cut and filled. Everything is decided for all of them
/// together, so that it does not depend on how the step is cut into micro-batches.
///
/// @param rows the micro-batches, none of packed rows
public record RowWindow(List<TokenRows> rows) {
    /// Keeps its own copy.
    ///
    /// @throws IllegalArgumentException if rows are packed
    public RowWindow {
        rows = List.copyOf(rows);
        if (rows.stream().anyMatch(each -> each.visible() instanceof AttentionMask.Segments)) {
            throw new IllegalArgumentException("row window: rows must not be packed, but some are");
        }
    }

    private record Text(int[] ids, int prompt) {
        int answer() {
            return ids.length - prompt;
        }

        Text begun(int begin) {
            int[] longer = new int[ids.length + 1];
            longer[0] = begin;
            System.arraycopy(ids, 0, longer, 1, ids.length);
            return new Text(longer, prompt + 1);
        }

        Text cut(int length) {
            return length < ids.length ? new Text(Arrays.copyOf(ids, length), Math.min(prompt, length)) : this;
        }
    }

    /// The same with filling that belongs to answers up to the longest row of all.
    public RowWindow filled() {
        List<TokenRows> filled = new ArrayList<>();
        int columns = columns();
        for (TokenRows each : rows) {
            filled.add(
                    each.filling().isPresent() && each.tokens() < columns ? batch(each, texts(each), columns) : each);
        }
        return new RowWindow(filled);
    }

    /// The same without the columns from `columns` on.
    public RowWindow cut(int columns) {
        List<TokenRows> cut = new ArrayList<>();
        for (TokenRows each : rows) {
            cut.add(each.tokens() <= columns ? each : batch(each, whole(each, columns), columns));
        }
        return new RowWindow(cut);
    }

    /// The same with answers of at most `length` tokens, filled up again to the longest row that is left.
    public RowWindow cutAnswers(int length) {
        List<List<Text>> cut = new ArrayList<>();
        int columns = 1;
        for (TokenRows each : rows) {
            List<Text> texts = texts(each).stream()
                    .map(text -> text.cut(text.prompt + length))
                    .toList();
            columns = Math.max(columns, longest(texts));
            cut.add(texts);
        }
        List<TokenRows> batches = new ArrayList<>();
        for (int i = 0; i < cut.size(); i++) {
            batches.add(batch(rows.get(i), cut.get(i), columns));
        }
        return new RowWindow(batches);
    }

    /// The same with the begin token `begin` before every row, unless all rows start with a column that noise must
    /// not hide.
    public RowWindow begun(int begin) {
        if (rows.stream().noneMatch(RowWindow::startsMaskable)) {
            return this;
        }
        return new RowWindow(rows.stream()
                .map(each -> batch(
                        each,
                        whole(each, each.tokens()).stream()
                                .map(text -> text.begun(begin))
                                .toList(),
                        each.tokens() + 1))
                .toList());
    }

    private static boolean startsMaskable(TokenRows rows) {
        return IntStream.range(0, rows.batch()).anyMatch(b -> rows.maskable()[b * rows.tokens()]);
    }

    /// The columns of the widest row, filling included.
    public int columns() {
        return rows.stream().mapToInt(TokenRows::tokens).max().orElse(0);
    }

    /// The columns of the longest row without filling.
    public int longest() {
        return rows.stream().mapToInt(each -> longest(texts(each))).max().orElse(0);
    }

    /// The length of each answer without filling, its end token included; in the order of the rows.
    public int[] answers() {
        return rows.stream()
                .flatMapToInt(each -> texts(each).stream().mapToInt(Text::answer))
                .toArray();
    }

    private static int longest(List<Text> texts) {
        return texts.stream().mapToInt(text -> text.ids.length).max().orElse(0);
    }

    private static List<Text> texts(TokenRows rows) {
        return IntStream.range(0, rows.batch())
                .mapToObj(b -> text(rows, b, length(rows, b)))
                .toList();
    }

    /// Every row up to `columns`, what is filling taken for text.
    private static List<Text> whole(TokenRows rows, int columns) {
        return IntStream.range(0, rows.batch())
                .mapToObj(b -> text(rows, b, Math.min(columns, visible(rows, b))))
                .toList();
    }

    private static Text text(TokenRows rows, int b, int length) {
        int first = b * rows.tokens();
        int prompt = 0;
        while (prompt < length && !rows.maskable()[first + prompt]) {
            prompt++;
        }
        return new Text(Arrays.copyOfRange(rows.ids(), first, first + length), prompt);
    }

    private static int visible(TokenRows rows, int b) {
        return rows.visible() instanceof AttentionMask.Lengths lengths
                ? lengths.lengths().get(b)
                : rows.tokens();
    }

    private static int length(TokenRows rows, int b) {
        int length = visible(rows, b);
        int first = b * rows.tokens();
        if (rows.filling().isPresent()) {
            int fill = rows.filling().getAsInt();
            while (length > 1
                    && rows.maskable()[first + length - 2]
                    && rows.ids()[first + length - 1] == fill
                    && rows.ids()[first + length - 2] == fill) {
                length--;
            }
        }
        return length;
    }

    private static TokenRows batch(TokenRows like, List<Text> texts, int columns) {
        int fill = like.filling().orElse(0);
        int[] ids = new int[Math.multiplyExact(texts.size(), columns)];
        Arrays.fill(ids, fill);
        boolean[] maskable = new boolean[ids.length];
        for (int b = 0; b < texts.size(); b++) {
            Text text = texts.get(b);
            int first = b * columns;
            System.arraycopy(text.ids, 0, ids, first, text.ids.length);
            int end = like.filling().isPresent() ? columns : text.ids.length;
            Arrays.fill(maskable, first + text.prompt, first + end, true);
        }
        TokenRows batch = TokenRows.of(texts.size(), columns, ids, maskable).withSamples(like.samples());
        if (like.filling().isPresent()) {
            return batch.withFilling(fill);
        }
        boolean full = texts.stream().allMatch(text -> text.ids.length == columns);
        return full
                ? batch
                : batch.withVisible(new AttentionMask.Lengths(
                        texts.stream().map(text -> text.ids.length).toList()));
    }
}
