package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendException;

class DeviceChoiceTest {
    @Test
    void theSettingIsMeantAsItStands() {
        assertThat(new DeviceChoice("2", Map.of("LOCAL_RANK", "1")).among(4)).isEqualTo(2);
    }

    @Test
    void launchersSayThePlaceOnTheMachine() {
        assertThat(new DeviceChoice("auto", Map.of()).among(1)).isZero();
        assertThat(new DeviceChoice("auto", Map.of("LOCAL_RANK", "3")).among(4)).isEqualTo(3);
        assertThat(new DeviceChoice("auto", Map.of("SLURM_LOCALID", "1")).among(2))
                .isEqualTo(1);
        assertThat(new DeviceChoice("auto", Map.of("MPI_LOCALRANKID", "1")).among(2))
                .isEqualTo(1);
        assertThat(new DeviceChoice("auto", Map.of("SLURM_LOCALID", "0", "PANAMASK_LOCAL_RANK", "1")).among(2))
                .isEqualTo(1);
    }

    @Test
    void aDeviceThatIsNotThereIsRefused() {
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> new DeviceChoice("auto", Map.of("LOCAL_RANK", "2")).among(1))
                .withMessage(
                        "backend cuda: LOCAL_RANK asks for device 2, but there is 1 device, number 0; choose one of"
                                + " them in backend.device, or make more of them visible in CUDA_VISIBLE_DEVICES");
    }
}
