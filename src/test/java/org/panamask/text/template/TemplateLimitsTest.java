package org.panamask.text.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TemplateLimitsTest {
    private static final String STEPS =
            "a template may take at most 1000000 steps, but this one goes on; shorten its loops or raise the limit";
    private static final String CHARACTERS =
            "a template may make at most 16000000 characters of text, but this one goes on; shorten it or raise the"
                    + " limit";
    private static final String DEPTH =
            "a template may nest at most 256 levels deep, but this one goes on; flatten it or raise the limit";

    private static void endsWith(String source, String rule) {
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> JinjaTemplate.of("t", source).render(Map.of()))
                .satisfies(failure -> assertThat(failure.rule()).isEqualTo(rule));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(1000000000) %}{% endfor %}",
                "{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}",
                "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
                "{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
                        + "{{ n.x == n.x }}",
                "{% set a = 'x' * 4000000 %}{% set b = 'x' * 4000000 %}{% for i in range(300000) %}"
                        + "{% if a != b %}{% endif %}{% endfor %}"
            })
    void longWorkEnds(String source) {
        endsWith(source, STEPS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'x' * 1000000000000 }}",
                "{{ 9000000000000000000 * 'xy' }}",
                "{% set n = namespace(x='x') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
                "{% set n = namespace(x='x') %}{% for i in range(60) %}{% set n.x = n.x|replace('x', 'xx') %}"
                        + "{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set x = 'x' * 10000 %}{% for i in range(100000) %}{{ x }}{% endfor %}",
                "{% set x = 'x ' * 100000 %}{% for i in range(100000) %}{% set y = x.split() %}{% endfor %}",
                "{% set y = 'x' * 100000 %}{% for i in range(100000) %}{% set z = y|join(y) %}{% endfor %}"
            })
    void longTextsEnd(String source) {
        endsWith(source, CHARACTERS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
                "{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}"
                        + "{{ n.x|tojson }}",
                "{% set n = namespace(x=[], y=[]) %}{% for i in range(1000) %}{% set n.x = [n.x] %}"
                        + "{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}"
            })
    void deepCallsAndValuesEnd(String source) {
        endsWith(source, DEPTH);
    }

    @Test
    void deepSourcesEnd() {
        endsWith("{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + "}}", DEPTH);
        endsWith("{{ " + "[".repeat(100_000) + "]".repeat(100_000) + "}}", DEPTH);
        endsWith("{{ " + "not ".repeat(100_000) + "x }}", DEPTH);
        endsWith("{{ " + "-".repeat(100_000) + "x }}", DEPTH);
        endsWith("{{ 1" + " + 1".repeat(100_000) + " }}", DEPTH);
        endsWith("{{ ''" + "|trim".repeat(100_000) + " }}", DEPTH);
        endsWith("{% if true %}".repeat(70_000), DEPTH);
        endsWith(
                "x".repeat((1 << 20) + 1),
                "a template must not exceed 1048576 characters, but has 1048577; shorten it");
    }

    @Test
    void limitsAreTheCallers() {
        JinjaTemplate template =
                JinjaTemplate.of("t", "{% for i in range(9) %}{{ i }}{% endfor %}", new TemplateLimits(10, 100, 20));
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> template.render(Map.of()))
                .withMessage("t:1: a template may take at most 10 steps, but this one goes on; shorten its loops or"
                        + " raise the limit");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TemplateLimits(0, 1, 1))
                .withMessage("template limits: each must be at least 1, but got 0 steps, 1 characters and depth 1;"
                        + " raise it");
    }
}
