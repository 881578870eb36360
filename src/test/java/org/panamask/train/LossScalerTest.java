package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LossScalerTest {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    @Test
    void everyTraceOfTheReferenceIsFollowed() {
        JsonNode file = JsonMapper.shared()
                .readTree(FIXTURES.resolve("ddm/data/loss-scaler.json").toFile());
        assertThat(new LossScaler().scale()).isEqualTo(file.get("init_scale").asDouble());
        for (JsonNode trace : file.get("traces")) {
            LossScaler scaler = new LossScaler(trace.get("growth_interval").asInt());
            for (JsonNode row : trace.get("rows")) {
                assertThat(scaler.scale()).isEqualTo(row.get(1).asDouble());
                assertThat(scaler.update(row.get(0).asInt() == 0))
                        .isEqualTo(row.get(2).asInt() == 0);
                assertThat(scaler.scale()).isEqualTo(row.get(3).asDouble());
            }
        }
    }

    @Test
    void itGrowsAfterTwoThousandGoodWindowsInARow() {
        LossScaler scaler = new LossScaler();
        for (int window = 1; window < 2000; window++) {
            scaler.update(true);
        }
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(65_536, 1999, 0));
        scaler.update(true);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(131_072, 0, 0));
        scaler.update(false);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(65_536, 0, 1));
    }

    @Test
    void itStaysWithinTheRangeOfF32() {
        LossScaler scaler = new LossScaler(1);
        scaler.restore(new LossScaler.State(0x1p127, 0, 3));
        scaler.update(true);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(0x1p127, 0, 3));
        scaler.restore(new LossScaler.State(Float.MIN_VALUE, 0, 0));
        scaler.update(false);
        assertThat(scaler.scale()).isEqualTo(Float.MIN_VALUE);
    }

    @Test
    void aRestoredOneGoesOnWhereItWas() {
        LossScaler first = new LossScaler(3);
        first.update(true);
        first.update(true);
        LossScaler second = new LossScaler(3);
        second.restore(first.state());
        first.update(true);
        second.update(true);
        assertThat(second.state()).isEqualTo(first.state()).isEqualTo(new LossScaler.State(131_072, 0, 0));
    }

    @Test
    void aStateThatCannotBeIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LossScaler.State(0, 0, 0))
                .withMessage("loss scaler: a positive scale and counts of at least 0 are needed, but got 0.0, 0 and 0");
    }
}
