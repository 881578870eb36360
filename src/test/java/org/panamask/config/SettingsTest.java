package org.panamask.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SettingsTest {
    /// Settings with one key of each kind.
    record Every(
            @Key(value = "3", doc = "a") int count,
            @Key(value = "4000000000", doc = "b") long large,
            @Key(value = "1e-3", doc = "c") double rate,
            @Key(value = "0.5", doc = "d") float share,
            @Key(value = "true", doc = "e") boolean topP,
            @Key(value = "word", doc = "f") String text,
            @Key(value = "two_words", doc = "g") Kind kind,
            @Key(value = "[a, b]", doc = "h") List<String> names,
            @Key(doc = "i") Optional<Integer> maybe,
            @Key(doc = "j") Inner inner,
            @Key(value = "second", doc = "k") Shape shape) {
        Every {
            Require.atLeast("count", count, 1);
        }
    }

    record Inner(
            @Key(value = "7", doc = "x", shorthand = true) int depth) {}

    enum Kind {
        ONE,
        TWO_WORDS
    }

    sealed interface Shape {
        @Mode(value = "first", doc = "y")
        record First(@Key(value = "1", doc = "z") int size) implements Shape {}

        @Mode(value = "second", doc = "y")
        record Second() implements Shape {}
    }

    record Needed(@Key(doc = "where") Path path) {}

    /// Settings with other names, and a record whose keys stand beside its own.
    record Known(
            @Key(
                    value = "1",
                    doc = "a",
                    aliases = {@Alias("length"), @Alias("gen_len")})
            int size,

            @Key(doc = "b", inline = true) Parts parts) {
        record Parts(
                @Key(
                        value = "[]",
                        doc = "c",
                        aliases =
                                @Alias(
                                        value = "no_end",
                                        meaning = {"true = [eos, eot]", "false = []"}))
                List<String> words,

                @Key(value = "1", doc = "d") double part) {
            Parts {
                Require.that(part <= 1, "part must be at most 1, not " + part);
            }
        }
    }

    record Undescribed(int count) {}

    record Strange(@Key(doc = "x") Map<String, String> map) {}

    @Test
    void defaultsComeFromTheAnnotations() {
        assertThat(Settings.defaults(Every.class))
                .isEqualTo(new Every(
                        3,
                        4_000_000_000L,
                        1e-3,
                        0.5f,
                        true,
                        "word",
                        Kind.TWO_WORDS,
                        List.of("a", "b"),
                        Optional.empty(),
                        new Inner(7),
                        new Shape.Second()));
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> Settings.defaults(Needed.class))
                .withMessage("path is missing: where");
    }

    @Test
    void keysAreChangedOneAtATime() {
        Every every = Settings.defaults(Every.class);
        assertThat(Settings.with(every, "rate", 2).rate()).isEqualTo(2);
        assertThat(Settings.with(every, "share", 0.25).share()).isEqualTo(0.25f);
        assertThat(Settings.with(every, "kind", "one").kind()).isEqualTo(Kind.ONE);
        assertThat(Settings.with(every, "kind", Kind.ONE).kind()).isEqualTo(Kind.ONE);
        assertThat(Settings.with(every, "maybe", 5).maybe()).contains(5);
        assertThat(Settings.with(every, "inner", new Inner(1)).inner()).isEqualTo(new Inner(1));
        assertThat(Settings.with(every, "names", List.of("c")).names()).containsExactly("c");
        assertThat(Settings.of(Every.class, Map.of("inner", 4)).inner()).isEqualTo(new Inner(4));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Every every = Settings.defaults(Every.class);
        assertRefused(() -> Settings.with(every, "count", 0), "count must be at least 1, not 0");
        assertRefused(() -> Settings.with(every, "cuont", 1), "cuont is not a key of Every, did you mean 'count'?");
        assertRefused(() -> Settings.with(every, "count", 1.5), "count must be a whole number, but got '1.5'");
        assertRefused(() -> Settings.with(every, "rate", Double.NaN), "rate must be a number, but got 'NaN'");
        assertRefused(() -> Settings.with(every, "names", "c"), "names must be a list like [a, b], but got 'c'");
        assertRefused(
                () -> Settings.with(every, "kind", Shape.class),
                "kind must be one of one, two_words, but got" + " 'interface org.panamask.config.SettingsTest$Shape'");
        assertRefused(() -> Settings.with(every, "inner", "1"), "inner must be Inner, but got a String");
        assertRefused(() -> Settings.with(every, "text", Kind.ONE), "text must be text, but got a Kind");
    }

    @Test
    void recordsThatCannotBeSettingsAreRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Section.of(Undescribed.class))
                .withMessage("settings: int count needs a @Key");
        assertThatIllegalStateException()
                .isThrownBy(() -> Section.of(Strange.class))
                .withMessageContaining("no key can be a java.util.Map");
    }

    @Test
    void otherNamesStandForTheirKeys() {
        assertThat(Settings.of(Known.class, Map.of("gen_len", 5)).size()).isEqualTo(5);
        assertThat(Settings.of(Known.class, Map.of("no_end", true)).parts().words())
                .containsExactly("eos", "eot");
        assertThat(Settings.with(Settings.defaults(Known.class), "no_end", true)
                        .parts()
                        .words())
                .containsExactly("eos", "eot");
        assertThat(Settings.with(Settings.defaults(Known.class), "words", "[5, eos]")
                        .parts()
                        .words())
                .containsExactly("5", "eos");
        assertRefused(
                () -> Settings.of(Known.class, new TreeMap<>(Map.of("gen_len", 5, "size", 6))),
                "size and gen_len are two names of one key, size, but both are given; keep one");
        assertRefused(
                () -> Settings.of(Known.class, Map.of("no_end", "maybe")),
                "no_end must be true or false, but got 'maybe'");
        assertRefused(
                () -> Settings.with(Settings.defaults(Known.class), "no_end", 3),
                "no_end must be true or false, but got '3'");
    }

    @Test
    void inlineRecordsLendTheirKeys() {
        Known known = new Known(7, new Known.Parts(List.of("a"), 0.5));
        Section section = Section.of(Known.class);

        assertThat(section.names()).containsExactly("size", "words", "part");
        assertThat(section.values(known)).containsExactly(7, List.of("a"), 0.5);
        assertThat(section.create(section.values(known))).isEqualTo(known);
        assertThat(Settings.with(known, "part", 0.25).parts().part()).isEqualTo(0.25);
        assertRefused(() -> Settings.of(Known.class, Map.of("part", 2)), "part must be at most 1, not 2.0");
    }

    @Test
    void namesAreWrittenInSnakeCase() {
        assertThat(Section.of(Every.class).names())
                .containsExactly(
                        "count", "large", "rate", "share", "top_p", "text", "kind", "names", "maybe", "inner", "shape");
        assertThat(Setting.snakeCase("adamBeta1")).isEqualTo("adam_beta1");
    }

    @Test
    void theNearestWordIsAtMostAThirdAway() {
        assertThat(Nearest.of("learnign_rate", List.of("learning_rate", "rank")))
                .contains("learning_rate");
        assertThat(Nearest.of("rnak", List.of("learning_rate", "rank"))).contains("rank");
        assertThat(Nearest.of("xyz", List.of("learning_rate", "rank"))).isEmpty();
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    }

    @Test
    void byteSizesAreReadAndShown() {
        assertThat(ByteSize.parse("8GiB")).contains(8L << 30);
        assertThat(ByteSize.parse("1.5 gb")).contains(1_500_000_000L);
        assertThat(ByteSize.parse("12")).contains(12L);
        assertThat(ByteSize.parse("-1")).isEmpty();
        assertThat(ByteSize.parse("8 apples")).isEmpty();
        assertThat(ByteSize.show(1023)).isEqualTo("1023 bytes");
        assertThat(ByteSize.show(3L << 29)).isEqualTo("1.50 GiB");
        assertThat(ByteSize.show(1L << 60)).isEqualTo("1048576.00 TiB");
    }

    private static void assertRefused(ThrowingCallable change, String message) {
        assertThatExceptionOfType(SettingException.class).isThrownBy(change).withMessage(message);
    }
}
