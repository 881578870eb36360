package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternRulesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                        + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
                        + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                        + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
                        + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}"
                        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))",
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+",
                "[一-龥぀-ゟ゠-ヿ]+",
                " {2,}",
                "[0-9][0-9][0-9]",
                "[[:alpha:]]+",
                ""
            })
    void acceptsThePatternsOfKnownModels(String pattern) {
        assertThat(PatternRules.ways(pattern, TokenizerException::new)).isBetween(1, 16);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a|a)*$",
                "(a+)+b",
                "(a{1,50})*b",
                "a*a*a*b",
                "(a|b)(\\1)",
                "(?<n>a\\g<n>)",
                "(?(1)a|b)",
                "a**",
                "(?i)a",
                "(?x: a)",
                "[[[[[[[[[[[a",
                "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b",
                "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b",
                "((((((((((a))))))))))",
                "(a",
                "a)",
                "*a",
                "(?=a*)*",
                "a\\"
            })
    void refusesPatternsThatCanRunAway(String pattern) {
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> PatternRules.ways(pattern, TokenizerException::new))
                .withMessageStartingWith("the pattern " + pattern.substring(0, Math.min(80, pattern.length())))
                .withMessageEndingWith("; use a tokenizer with a simpler pattern");
    }

    @Test
    void countsTheWaysThatMultiplyRetries() {
        assertThat(PatternRules.ways("\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", TokenizerException::new))
                .isEqualTo(2);
        assertThat(PatternRules.ways("\\p{L}+", TokenizerException::new)).isEqualTo(1);
    }
}
