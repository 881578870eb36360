package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class RowsLineTest {
    @Test
    void saysEveryTenSecondsWhatIsLeft() {
        StringWriter out = new StringWriter();
        long[] now = {0};
        RowsLine line = new RowsLine(new PrintWriter(out), "base", () -> Instant.ofEpochSecond(now[0]));

        line.at(1, 400);
        now[0] = 10;
        line.at(10.5, 400);
        now[0] = 15;
        line.at(11, 400);
        now[0] = 20;
        line.at(20, 400);

        assertThat(out.toString().lines())
                .containsExactly(
                        "base: 10.5 of 400 rows, 3 %, eta 00:06:11", "base: 20.0 of 400 rows, 5 %, eta 00:06:20");
    }
}
