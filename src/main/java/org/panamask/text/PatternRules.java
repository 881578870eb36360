package org.panamask.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Bounds the backtracking of a regular expression before Oniguruma runs it: the native library aborts the process when
/// a match exceeds the retry limit or the pattern nests too deeply. Each branch may have one open-ended repeat that a
/// later part can force to give back, so the retries of a match are at most `ways` times the length of the text.
final class PatternRules {
    private static final int MAX_LENGTH = 4096;
    private static final int MAX_DEPTH = 8;
    private static final int MAX_WAYS = 16;
    private static final int MAX_BOUNDED_WAYS = 10_000;
    private static final int OPEN = Integer.MAX_VALUE;
    private static final int SHORT_RANGE = 16;

    private sealed interface Node {
        /// Whether text can be such that this part does not match.
        default boolean canFail() {
            return switch (this) {
                case Atom _, Look _ -> true;
                case Group group ->
                    group.branches.stream().allMatch(b -> b.stream().anyMatch(Node::canFail));
                case Repeat repeat -> repeat.min > 0 && repeat.body.canFail();
            };
        }

        /// Whether this part matches in one way only.
        default boolean fixed() {
            return switch (this) {
                case Atom _ -> true;
                case Look _ -> false;
                case Group group ->
                    group.branches.size() == 1
                            && !group.branches.getFirst().isEmpty()
                            && group.branches.getFirst().stream().allMatch(Node::fixed);
                case Repeat repeat -> repeat.min == repeat.max && repeat.min > 0 && repeat.body.fixed();
            };
        }
    }

    private record Atom() implements Node {}

    private record Look(Group body) implements Node {}

    private record Group(List<List<Node>> branches) implements Node {}

    private record Repeat(Node body, int min, int max, boolean possessive) implements Node {}

    private record Cost(int open, long ways) {
        static final Cost NONE = new Cost(0, 1);
    }

    private final String pattern;
    private final Function<String, TokenizerException> broken;
    private int at;
    private int depth;

    private PatternRules(String pattern, Function<String, TokenizerException> broken) {
        this.pattern = pattern;
        this.broken = broken;
    }

    /// How many times the characters of a text bound the retries of one match of `pattern`; `broken` makes the
    /// failure when there is no such bound.
    static int ways(String pattern, Function<String, TokenizerException> broken) {
        PatternRules rules = new PatternRules(pattern, broken);
        if (pattern.length() > MAX_LENGTH) {
            throw rules.refuse("must not exceed " + MAX_LENGTH + " characters, but has " + pattern.length());
        }
        Group whole = rules.group();
        if (rules.at < pattern.length()) {
            throw rules.refuse("has an unmatched ')' at " + rules.at);
        }
        Cost cost = rules.cost(whole, false);
        boolean bounded = cost.open == 0 ? cost.ways <= MAX_BOUNDED_WAYS : cost.open == 1 && cost.ways <= MAX_WAYS;
        if (!bounded) {
            throw rules.refuse("can backtrack without a useful bound");
        }
        return cost.open == 0 ? 1 : (int) cost.ways;
    }

    private TokenizerException refuse(String rule) {
        String shown = pattern.length() > 80 ? pattern.substring(0, 80) + "..." : pattern;
        return broken.apply("the pattern " + shown + " " + rule + "; use a tokenizer with a simpler pattern");
    }

    private Cost cost(Node node, boolean mayFailAfter) {
        return switch (node) {
            case Atom _ -> Cost.NONE;
            case Look look -> cost(look.body, false);
            case Group group -> branches(group, mayFailAfter);
            case Repeat repeat -> repeated(repeat, mayFailAfter);
        };
    }

    private Cost branches(Group group, boolean mayFailAfter) {
        int open = 0;
        long ways = 0;
        for (List<Node> branch : group.branches) {
            Cost cost = sequence(branch, mayFailAfter);
            if (cost.open > open) {
                open = cost.open;
                ways = 0;
            }
            ways += cost.open == open && (open > 0 || mayFailAfter || cost.ways > 1) ? cost.ways : 0;
        }
        return new Cost(open, Math.max(1, ways));
    }

    private Cost sequence(List<Node> nodes, boolean mayFailAfter) {
        int open = 0;
        long ways = 1;
        boolean failing = mayFailAfter;
        for (Node node : nodes.reversed()) {
            Cost cost = cost(node, failing);
            open += cost.open;
            ways = Math.min(Integer.MAX_VALUE, ways * cost.ways);
            failing |= node.canFail();
        }
        return new Cost(open, ways);
    }

    private Cost repeated(Repeat repeat, boolean mayFailAfter) {
        if (repeat.max == 1) {
            Cost body = cost(repeat.body, mayFailAfter);
            return new Cost(body.open, body.ways + (mayFailAfter && repeat.min == 0 ? 1 : 0));
        }
        if (!repeat.body.fixed()) {
            throw refuse("repeats a group that itself can match in several ways");
        }
        if (!mayFailAfter || repeat.possessive || repeat.min == repeat.max) {
            return Cost.NONE;
        }
        boolean few = repeat.max != OPEN && repeat.max - repeat.min < SHORT_RANGE;
        return few ? new Cost(0, repeat.max - repeat.min + 1L) : new Cost(1, 1);
    }

    private Group group() {
        if (++depth > MAX_DEPTH) {
            throw refuse("must not nest groups deeper than " + MAX_DEPTH);
        }
        List<List<Node>> branches = new ArrayList<>();
        List<Node> branch = new ArrayList<>();
        branches.add(branch);
        while (at < pattern.length() && pattern.charAt(at) != ')') {
            if (pattern.charAt(at) == '|') {
                at++;
                branch = new ArrayList<>();
                branches.add(branch);
            } else {
                branch.add(quantified(part()));
            }
        }
        depth--;
        return new Group(branches);
    }

    private Node part() {
        char c = pattern.charAt(at++);
        return switch (c) {
            case '(' -> parenthesis();
            case '[' -> {
                characterClass(0);
                yield new Atom();
            }
            case '\\' -> escape();
            case '^', '$' -> new Look(new Group(List.of(List.of())));
            case '*', '+', '?' -> throw refuse("repeats nothing at " + (at - 1));
            default -> new Atom();
        };
    }

    private Node parenthesis() {
        boolean look = false;
        if (at < pattern.length() && pattern.charAt(at) == '?') {
            int start = ++at;
            while (at < pattern.length() && "ims-<".indexOf(pattern.charAt(at)) >= 0) {
                at++;
            }
            String prefix = pattern.substring(start, Math.min(pattern.length(), ++at));
            look = prefix.matches("<?[=!]");
            if (!look && !prefix.matches("[ims-]*:|>")) {
                throw refuse("uses the group (?" + prefix + ", which is not accepted");
            }
        } else if (at < pattern.length() && pattern.charAt(at) == '*') {
            throw refuse("uses the group (*, which is not accepted");
        }
        Group body = group();
        if (at >= pattern.length()) {
            throw refuse("has an unmatched '('");
        }
        at++;
        return look ? new Look(body) : body;
    }

    private void characterClass(int level) {
        if (level > MAX_DEPTH) {
            throw refuse("must not nest character classes deeper than " + MAX_DEPTH);
        }
        int start = at;
        while (at < pattern.length()) {
            char c = pattern.charAt(at++);
            boolean first = at == start + 1 || at == start + 2 && pattern.charAt(start) == '^';
            if (c == '\\') {
                at++;
            } else if (c == '[') {
                characterClass(level + 1);
            } else if (c == ']' && !first) {
                return;
            }
        }
        throw refuse("has an unmatched '['");
    }

    private Node escape() {
        if (at >= pattern.length()) {
            throw refuse("ends in a backslash");
        }
        char c = pattern.charAt(at++);
        if ("123456789kgKXRNOy".indexOf(c) >= 0) {
            throw refuse("uses \\" + c + ", which is not accepted");
        }
        if ("pPxu".indexOf(c) >= 0 && at < pattern.length() && pattern.charAt(at) == '{') {
            int end = pattern.indexOf('}', at);
            if (end < 0) {
                throw refuse("has an unmatched '{'");
            }
            at = end + 1;
        }
        return "bBAzZG".indexOf(c) >= 0 ? new Look(new Group(List.of(List.of()))) : new Atom();
    }

    private Node quantified(Node node) {
        int[] range = range();
        if (range.length == 0) {
            return node;
        }
        boolean interval = pattern.charAt(at - 1) == '}';
        boolean possessive = false;
        if (at < pattern.length() && (pattern.charAt(at) == '?' || pattern.charAt(at) == '+' && !interval)) {
            possessive = pattern.charAt(at++) == '+';
        }
        if (range().length > 0) {
            throw refuse("repeats a repeat at " + (at - 1));
        }
        return new Repeat(node, range[0], range[1], possessive);
    }

    /// Reads a quantifier as its least and greatest count; nothing when there is none here.
    private int[] range() {
        if (at >= pattern.length()) {
            return new int[0];
        }
        return switch (pattern.charAt(at)) {
            case '*' -> step(0, OPEN);
            case '+' -> step(1, OPEN);
            case '?' -> step(0, 1);
            default -> interval();
        };
    }

    private int[] step(int least, int most) {
        at++;
        return new int[] {least, most};
    }

    private int[] interval() {
        int end = pattern.charAt(at) == '{' ? pattern.indexOf('}', at) : -1;
        if (end < 0 || !pattern.substring(at + 1, end).matches("\\d{1,4}(,\\d{0,4})?|,\\d{1,4}")) {
            return new int[0];
        }
        String[] bounds = pattern.substring(at + 1, end).split(",", -1);
        at = end + 1;
        int min = bounds[0].isEmpty() ? 0 : Integer.parseInt(bounds[0]);
        int max = bounds.length == 1 ? min : bounds[1].isEmpty() ? OPEN : Integer.parseInt(bounds[1]);
        return new int[] {min, max};
    }
}
