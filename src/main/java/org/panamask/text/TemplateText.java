package org.panamask.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Text that a [ChatTemplate] has laid out: literal text and the places of the begin and the end token.
///
/// @param parts in their order, no two texts in a row and none of them empty
public record TemplateText(List<Part> parts) {
    private static final Pattern PLACE = Pattern.compile("\\{(bos|eos|content)}");

    /// A piece of the text.
    public sealed interface Part {}

    /// Literal text.
    ///
    /// @param text of at least one character
    public record Literal(String text) implements Part {}

    /// The place of a special token.
    ///
    /// @param token begin or end
    public record Special(SpecialToken token) implements Part {}

    /// Joins neighbouring texts.
    public TemplateText {
        List<Part> joined = new ArrayList<>();
        for (Part part : parts) {
            if (part instanceof Literal(String text)) {
                if (text.isEmpty()) {
                    continue;
                }
                if (!joined.isEmpty() && joined.getLast() instanceof Literal(String before)) {
                    joined.set(joined.size() - 1, new Literal(before + text));
                    continue;
                }
            }
            joined.add(part);
        }
        parts = List.copyOf(joined);
    }

    /// The parts of `slot` with `content` in its place; what stands in `content` is never read as a place.
    static List<Part> fill(String slot, String content) {
        List<Part> parts = new ArrayList<>();
        Matcher places = PLACE.matcher(slot);
        int end = 0;
        while (places.find()) {
            parts.add(new Literal(slot.substring(end, places.start())));
            parts.add(
                    switch (places.group(1)) {
                        case "bos" -> new Special(SpecialToken.BOS);
                        case "eos" -> new Special(SpecialToken.EOS);
                        default -> new Literal(content);
                    });
            end = places.end();
        }
        parts.add(new Literal(slot.substring(end)));
        return parts;
    }

    /// The texts of `turns` behind each other.
    static TemplateText joined(List<TemplateText> turns) {
        return new TemplateText(
                turns.stream().flatMap(turn -> turn.parts.stream()).toList());
    }

    /// The same without a begin token in front, for rows that bring their own.
    public TemplateText withoutBegin() {
        boolean begins = !parts.isEmpty() && parts.getFirst().equals(new Special(SpecialToken.BOS));
        return begins ? new TemplateText(parts.subList(1, parts.size())) : this;
    }

    /// The ids: each literal text as `encode` gives them, the special tokens as `bos` and `eos`.
    public int[] ids(Function<String, int[]> encode, int bos, int eos) {
        return parts.stream()
                .flatMapToInt(part -> switch (part) {
                    case Literal(String text) -> Arrays.stream(encode.apply(text));
                    case Special(SpecialToken token) -> IntStream.of(token == SpecialToken.BOS ? bos : eos);
                })
                .toArray();
    }

    /// The text with `<BOS>` and `<EOS>` where the special tokens stand.
    public String shown() {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            text.append(
                    switch (part) {
                        case Literal(String literal) -> literal;
                        case Special(SpecialToken token) -> "<" + token + ">";
                    });
        }
        return text.toString();
    }
}
