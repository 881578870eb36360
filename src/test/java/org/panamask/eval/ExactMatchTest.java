package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ExactMatchTest {
    @Test
    void answersAgreeAsTheReferenceSays() {
        String folder = System.getProperty("panamask.fixtures", "src/test/resources/fixtures");
        JsonNode rows = JsonMapper.shared()
                .readTree(Path.of(folder, "ddm", "data", "answer-match.json").toFile())
                .path("rows");

        assertThat(rows).isNotEmpty();
        for (JsonNode row : rows) {
            assertThat(ExactMatch.matches(row.path(0).stringValue(), row.path(1).stringValue()))
                    .as(row.toString())
                    .isEqualTo(row.path(2).booleanValue());
        }
    }

    @Test
    void markersAreFoundFromTheLeft() {
        assertThat(ExactMatch.answer("a ##### 5")).isEqualTo("# 5");
        assertThat(ExactMatch.answer("a ######## 5")).isEqualTo("5");
        assertThat(ExactMatch.answer("a ####")).isEmpty();
        assertThat(ExactMatch.answer("")).isEmpty();
    }

    @Test
    void commasGoAfterBlanksDo() {
        assertThat(ExactMatch.answer("#### \t1,234,567\u00a0\n")).isEqualTo("1234567");
        assertThat(ExactMatch.answer("#### , 5 ,")).isEqualTo(" 5 ");
    }
}
