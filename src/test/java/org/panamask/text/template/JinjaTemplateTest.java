package org.panamask.text.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JinjaTemplateTest {
    private static String render(String source) {
        return JinjaTemplate.of("t", source).render(Map.of()).text();
    }

    static List<TemplateCase> language() {
        return TemplateCase.read("language.json");
    }

    @ParameterizedTest
    @MethodSource("language")
    void theLanguageIsThatOfTheReference(TemplateCase one) {
        if (one.expected().isEmpty()) {
            assertThatExceptionOfType(TemplateException.class)
                    .isThrownBy(() -> JinjaTemplate.of("t", one.template()).render(one.values()));
            return;
        }
        Rendering rendering = JinjaTemplate.of("t", one.template()).render(one.values());
        assertThat(rendering.text()).isEqualTo(one.expected().get());
        assertThat(rendering.answers()).isEqualTo(one.answers(rendering.text()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '^',
            quoteCharacter = '`',
            value = {
                "a\\n{{ x.y }}^2^'y' needs a value before it, but got 'x', which is undefined; test it with 'is"
                        + " defined' first",
                "{{ raise_exception('no') }}^1^the template refuses this conversation: no; change the messages",
                "{% include 'x' %}^1^a tag must be one of if, for, set, macro, generation, raw, break and continue,"
                        + " but got 'include'; write the template without it",
                "{% if x %}\\n\\n^2^a block must end with one of [elif, else, endif], but the template ends; close it",
                "\\n{{ 'x'|attr('y') }}^2^there is no filter 'attr'; write the template without it",
                "{{ 1 + 'x' }}^1^'+' needs values that it can join, but got a number and a text; convert one",
                "{{ ''.__class__() }}^1^only functions, macros and methods can be called, but got '__class__', which"
                        + " is undefined; take the brackets away",
                "{{ 99999999999999999999 }}^1^a whole number must fit 64 bits, but got 99999999999999999999; write a"
                        + " smaller one",
                "{{ 9223372036854775807 + 1 }}^1^'+' must give a number of 64 bits, but got long overflow; take"
                        + " smaller numbers",
                "{{ x }^1^a tag must end with }}, but the template ends; close it",
                "{% for x in y recursive %}^1^a for loop must not be recursive, but this one is; use a macro",
                "{{ [1 2] }}^1^']' must stand here, but got '2'; repair the template"
            })
    void whatIsWrongIsSaidWithItsLine(String source, int line, String rule) {
        String template = source.replace("\\n", "\n");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> render(template))
                .withMessage("t:" + line + ": " + rule)
                .satisfies(failure -> assertThat(failure.line()).isEqualTo(line))
                .satisfies(failure -> assertThat(failure.rule()).isEqualTo(rule));
    }

    @Test
    void whatStandsInAMessageIsOnlyText() {
        Map<String, Value> values = Map.of("content", Value.of("{{ 1 + 1 }}{% if %}"));
        assertThat(JinjaTemplate.of("t", "<{{ content }}>").render(values).text())
                .isEqualTo("<{{ 1 + 1 }}{% if %}>");
    }

    @Test
    void templatesDoNotChangeTheValuesGivenToThem() {
        Map<String, Value> values = Map.of("x", Value.of(1));
        JinjaTemplate template = JinjaTemplate.of("t", "{% set x = x + 1 %}{{ x }}");
        assertThat(template.render(values).text()).isEqualTo("2");
        assertThat(template.render(values).text()).isEqualTo("2");
    }
}
