package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PlanningTaskTest {
    @TempDir
    Path folder;

    @Test
    void makesTheRowsOfTheReference() {
        JsonNode fixture = DataFixtures.read("tasks.json");
        SplitMix64 random = new SplitMix64(42);
        for (JsonNode number : fixture.get("splitmix64_seed_42")) {
            assertThat(Long.toUnsignedString(random.next())).isEqualTo(number.stringValue());
        }
        long seed = fixture.get("seed").longValue();
        for (Map.Entry<String, JsonNode> rows : fixture.get("rows").properties()) {
            PlanningTask task = PlanningTask.named(rows.getKey());
            List<Example> made = task.make(seed, rows.getValue().size());
            for (int k = 0; k < made.size(); k++) {
                JsonNode row = rows.getValue().get(k);
                assertThat(made.get(k))
                        .isEqualTo(new Example(
                                row.get("instruction").stringValue(),
                                row.get("output").stringValue()));
            }
        }
    }

    @Test
    void everyTargetPassesTheCheckOfItsTask() {
        for (PlanningTask task : PlanningTask.values()) {
            for (Example example : task.make(7, 200)) {
                assertThat(task.check(example.prompt(), example.response())).isTrue();
                assertThat(task.check(example.prompt(), "")).isFalse();
            }
        }
    }

    @Test
    void trainingAndHeldOutGridsAreDisjoint() {
        Set<String> training = grids(PlanningTask.SUDOKU4_TRAIN);
        Set<String> heldOut = grids(PlanningTask.SUDOKU4_TEST);
        assertThat(training).doesNotContainAnyElementsOf(heldOut);
        assertThat(training.size() + heldOut.size()).isEqualTo(288);
        assertThat(heldOut).hasSize(28);
    }

    @Test
    void refusesWrongAnswers() {
        assertThat(PlanningTask.SUDOKU4.check("0402021000410100", "1432321423414123"))
                .isTrue();
        assertThat(PlanningTask.SUDOKU4.check("0402021000410100", "1432321423414132"))
                .isFalse();
        assertThat(PlanningTask.SUDOKU4.check("1402021000410100", "2341413232141423"))
                .isFalse();
        assertThat(PlanningTask.SUDOKU4.check("0402021000410100", "143232142341412a"))
                .isFalse();
        assertThat(PlanningTask.PATH.check("1,2/2,3-1,3", "1,2/2,3")).isTrue();
        assertThat(PlanningTask.PATH.check("1,2/2,3-1,3", "1,2")).isFalse();
        assertThat(PlanningTask.PATH.check("1,2/2,3-1,3", "1,3")).isFalse();
        assertThat(PlanningTask.PATH.check("nonsense", "1,3")).isFalse();
        assertThat(PlanningTask.COUNTDOWN3.check("7,36,42,85", "42+36=78,7+78=85"))
                .isTrue();
        assertThat(PlanningTask.COUNTDOWN3.check("7,36,42,85", "42+36=78")).isFalse();
        assertThat(PlanningTask.COUNTDOWN3.check("7,36,42,85", "42+36=78,8+78=86"))
                .isFalse();
        assertThat(PlanningTask.COUNTDOWN3.check("7,36,42,85", "42+36=77,7+77=84"))
                .isFalse();
        assertThat(PlanningTask.COUNTDOWN3.check("7,x", "a")).isFalse();
    }

    @Test
    void writesTheBytesOfTheReference() throws IOException {
        Path file = folder.resolve("rows.jsonl");
        PlanningTask.write(file, List.of(new Example("0402", "1432"), new Example("\"\\\n\t\u007f", "é😀")));
        assertThat(Files.readString(file))
                .isEqualTo("{\"instruction\": \"0402\", \"input\": \"\", \"output\": \"1432\"}\n"
                        + "{\"instruction\": \"\\\"\\\\\\n\\t\\u007f\", \"input\": \"\", "
                        + "\"output\": \"\\u00e9\\ud83d\\ude00\"}\n");
        assertThat(Examples.read(file).getLast()).isEqualTo(new Example("\"\\\n\t\u007f", "é😀"));
    }

    @Test
    void refusesAnUnknownName() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> PlanningTask.named("sudoku9"))
                .withMessage("planning task: there is no 'sudoku9'; name one of sudoku4, sudoku4-train, sudoku4-test, "
                        + "path, countdown3, countdown4");
    }

    private static Set<String> grids(PlanningTask task) {
        Set<String> grids = new HashSet<>();
        task.make(1, 4000).forEach(example -> grids.add(example.response()));
        return grids;
    }
}
