package org.panamask.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.panamask.text.Message;

/// The conversations of files.
///
/// @param rows those that can be used, in their order
/// @param warnings what was left out, a sentence each
public record Conversations(List<Conversation> rows, List<String> warnings) {
    /// Copies the lists.
    public Conversations {
        rows = List.copyOf(rows);
        warnings = List.copyOf(warnings);
    }

    /// What conversations are read for.
    public enum Use {
        /// One question and its answer; a row of more turns is refused.
        SINGLE_TURN,
        /// All turns, laid out by a template.
        TEMPLATE,
        /// The first question, as a text to learn; answers are not needed.
        DOCUMENT
    }

    /// Which rows of a data set are taken.
    ///
    /// @param most rows of each, counted from the first
    /// @param seed draws the `num_samples` of a data set that asks for them
    public record Selection(long most, long seed) {}

    private record Placed(Conversation conversation, String place) {}

    /// The first `most` rows of an alpaca file: `instruction`, `input`, `output`, and where there are several turns
    /// `history` and `system`. Every row must have an answer.
    ///
    /// @throws DataException if `most` is not positive, the file is missing or empty, or with the first 20 rows
    ///     that are not of this form
    public static Conversations ofFile(Path file, Use use, long most) {
        if (most < 1) {
            throw new DataException(
                    "data.max_samples must be at least 1, not " + most + "; leave it out to read everything");
        }
        RowForm form = new RowForm.Alpaca(RowForm.Alpaca.Columns.PLAIN, true);
        List<Placed> rows = RowFile.read(file, most, (row, place) -> placed(form.convert(row), place, use));
        if (rows.isEmpty()) {
            throw new DataException(
                    file
                            + ": holds no examples; write {\"instruction\": ..., \"input\": ..., \"output\": ...} on each line");
        }
        return usable(file.toString(), rows, use);
    }

    /// The rows of the data sets that `folder`'s dataset_info.json calls `names`, one behind the other.
    ///
    /// @throws DataException if dataset_info.json or a data file is missing, not of its form, or has no row to use
    public static Conversations ofDatasets(Path folder, List<String> names, Use use, Selection selection) {
        DatasetInfo info = DatasetInfo.read(folder);
        List<Conversation> rows = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        for (String name : names) {
            DatasetInfo.Entry entry = info.entry(name);
            List<Placed> all = new ArrayList<>();
            long most = entry.samples().isPresent() ? Long.MAX_VALUE : selection.most();
            Set<String> seen = new HashSet<>();
            for (Path file : entry.files()) {
                if (all.size() < most) {
                    all.addAll(RowFile.read(file, most - all.size(), (row, place) -> {
                        seen.addAll(row.propertyNames());
                        return placed(entry.form().convert(row), place, use);
                    }));
                }
            }
            if (!all.isEmpty()) {
                requireColumns(info, name, entry.named(), seen);
            }
            if (entry.samples().isPresent()) {
                all = drawn(all, entry.samples().getAsInt(), selection);
            }
            Conversations usable = usable("dataset '" + name + "'", all, use);
            rows.addAll(usable.rows);
            warnings.addAll(usable.warnings);
        }
        return new Conversations(rows, warnings);
    }

    private static Placed placed(Conversation conversation, String place, Use use) throws RowException {
        int messages = conversation.prompt().size();
        if (use == Use.SINGLE_TURN && messages > 1) {
            throw new RowException("must have one turn, but has " + messages / 2
                    + " before the last question; set data.template to learn all of them, or split the conversation");
        }
        boolean tools = conversation.prompt().stream()
                .map(Message::role)
                .anyMatch(role -> role == Message.Role.OBSERVATION || role == Message.Role.FUNCTION);
        if (use == Use.TEMPLATE && tools) {
            throw new RowException("must hold users and assistants only, for which templates have texts, but has a call"
                    + " of a tool; leave the row out");
        }
        return new Placed(conversation, place);
    }

    private static void requireColumns(DatasetInfo info, String name, Map<String, String> named, Set<String> seen) {
        named.forEach((role, column) -> {
            if (!seen.contains(column)) {
                throw new DataException(info.file() + ": dataset '" + name + "': columns." + role + " must name a field"
                        + " of its rows, but none has '" + column + "'; they have "
                        + seen.stream().sorted().toList());
            }
        });
    }

    /// `count` rows in random order; some come again when there are fewer.
    private static List<Placed> drawn(List<Placed> rows, int count, Selection selection) {
        if (rows.isEmpty()) {
            return rows;
        }
        SplitMix64 random = new SplitMix64(selection.seed());
        int[] order = new int[rows.size()];
        Arrays.setAll(order, i -> i);
        random.shuffle(order);
        List<Placed> drawn = new ArrayList<>();
        for (int i = 0; i < Math.min(count, selection.most()); i++) {
            drawn.add(rows.get(i < order.length ? order[i] : random.below(order.length)));
        }
        return drawn;
    }

    private static Conversations usable(String source, List<Placed> rows, Use use) {
        List<Placed> asked = keep(rows, row -> !row.conversation.prompt().isEmpty());
        List<Placed> kept = use == Use.DOCUMENT ? asked : keep(asked, row -> row.conversation.isComplete());
        List<String> warnings = Stream.of(
                        leftOut(source, rows, asked, "whose messages do not alternate between question and answer"),
                        leftOut(source, asked, kept, "without an answer"))
                .flatMap(List::stream)
                .toList();
        if (kept.isEmpty()) {
            throw new DataException(source + ": must hold rows to learn, but has none"
                    + (warnings.isEmpty() ? "" : "; " + String.join("; ", warnings)));
        }
        List<Placed> silenced = keep(
                kept,
                row -> use == Use.SINGLE_TURN && !row.conversation.system().isEmpty());
        if (!silenced.isEmpty()) {
            warnings = Stream.concat(
                            warnings.stream(),
                            Stream.of(source + ": the system text of " + silenced.size()
                                    + " rows is left out; set data.template to learn it"))
                    .toList();
        }
        return new Conversations(kept.stream().map(Placed::conversation).toList(), warnings);
    }

    private static List<Placed> keep(List<Placed> rows, Predicate<Placed> rule) {
        return rows.stream().filter(rule).toList();
    }

    private static List<String> leftOut(String source, List<Placed> before, List<Placed> after, String which) {
        if (before.size() == after.size()) {
            return List.of();
        }
        int first = 0;
        while (first < after.size() && before.get(first).equals(after.get(first))) {
            first++;
        }
        return List.of(source + ": " + (before.size() - after.size()) + " of " + before.size() + " rows " + which
                + " are left out, the first is " + before.get(first).place);
    }
}
