package org.panamask.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LossPictureTest {
    @TempDir
    private Path folder;

    @Test
    void theRunningMeanIsThatOfTheReference() throws IOException {
        Path fixtures = Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));
        JsonNode cases = new JsonMapper()
                .readTree(Files.readString(fixtures.resolve("ddm/data/loss-smoothing.json")))
                .get("cases");
        assertThat(cases).isNotEmpty();
        for (JsonNode one : cases) {
            assertThat(Curve.smoothed(numbers(one.get("values"))))
                    .containsExactly(numbers(one.get("smoothed")), within(1e-12));
        }
    }

    @Test
    void thePictureIsXmlAtEveryLength() {
        for (int steps : new int[] {0, 1, 2, 50, 5000}) {
            Curve train = new Curve();
            Curve validation = new Curve();
            Curve nll = new Curve();
            Random random = new Random(3);
            for (int step = 1; step <= steps; step++) {
                train.add(step, 3 * Math.exp(-4.0 * step / steps) + 0.2 * random.nextDouble());
                if (step % 500 == 0) {
                    validation.add(step, 3 * Math.exp(-4.0 * step / steps) + 0.3);
                    nll.add(step, 4.5);
                }
            }
            String svg = LossChart.svg("loss <of a run & more", train, new LossChart.Evaluated(validation, nll), steps);
            assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity").hasSizeLessThan(80_000);
            assertThat(openTags(svg)).isEmpty();
            assertThat(svg.contains("nll 4.500")).isEqualTo(steps >= 500);
        }
    }

    @Test
    void losesNothingWhenALossIsNotANumber() {
        Curve curve = new Curve();
        curve.add(1, Double.NaN);
        curve.add(2, 1);
        assertThat(curve.values()).containsExactly(1);
    }

    @Test
    void thePictureIsRedrawnAsTheRunGoesAndAtItsEnd() throws IOException {
        Instant[] now = {Instant.EPOCH};
        InstantSource clock = () -> now[0];
        LossPicture picture = LossPicture.in(folder, "Training loss", clock);
        picture.started(new RunPlan(0, 10, Long.MAX_VALUE, folder));
        picture.step(Reports.step(1, 10, 1.5));
        String first = Files.readString(folder.resolve("loss.svg"));
        now[0] = now[0].plusSeconds(1);
        picture.step(Reports.step(2, 10, 1.25));
        assertThat(folder.resolve("loss.svg")).content().isEqualTo(first);
        picture.finished(new RunSummary(2, true, Duration.ZERO));
        assertThat(folder.resolve("loss.svg")).content().contains("training 1.250");
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void labelsAreRoundNumbers() {
        Axis axis = Axis.covering(0.03, 2.7, 0, 100, 5).rounded();
        assertThat(axis.ticks().stream().map(axis::label))
                .containsExactly("0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0");
        Axis steps = Axis.covering(0, 40_000, 0, 100, 8);
        assertThat(List.of(steps.label(0), steps.label(5000))).containsExactly("0", "5k");
    }

    /// What is still open after every tag has been read, each closing tag checked against the last open one.
    private static Deque<String> openTags(String svg) {
        Deque<String> open = new ArrayDeque<>();
        Matcher tags = Pattern.compile("<(/?)(\\w+)[^<>]*?(/?)>").matcher(svg);
        int end = 0;
        while (tags.find()) {
            assertThat(svg.substring(end, tags.start())).doesNotContain("<", ">");
            end = tags.end();
            if (tags.group(1).equals("/")) {
                assertThat(open.pop()).isEqualTo(tags.group(2));
            } else if (tags.group(3).isEmpty()) {
                open.push(tags.group(2));
            }
        }
        assertThat(end).isEqualTo(svg.length() - 1);
        return open;
    }

    private static double[] numbers(JsonNode array) {
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.get(i).asDouble();
        }
        return numbers;
    }
}
