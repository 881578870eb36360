package org.panamask.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LaunchVariablesTest {
    private static final Map<String, String> TORCHRUN = Map.of(
            "RANK", "5",
            "WORLD_SIZE", "8",
            "LOCAL_RANK", "1",
            "LOCAL_WORLD_SIZE", "4",
            "MASTER_ADDR", "node7",
            "MASTER_PORT", "29400",
            "TORCHELASTIC_RUN_ID", "abc");

    @Test
    void aProcessThatNobodyLaunchedIsAlone() {
        assertThat(LaunchVariables.read(Map.of("HOME", "/root"))).isEqualTo(Launch.alone());
    }

    @Test
    void torchrunsPortIsNeverTaken() {
        Launch launch = LaunchVariables.read(TORCHRUN);
        assertThat(launch.place()).isEqualTo(new Place(5, 8, 1, 4));
        assertThat(launch.meeting()).contains(new Meeting("node7", 29_401, "abc"));
        assertThat(launch.launcher()).isEqualTo("torchrun");
    }

    @Test
    void anOwnPortAndAddressWin() {
        Map<String, String> own = with(TORCHRUN, "PANAMASK_MASTER_PORT", "4000", "PANAMASK_MASTER_ADDR", "10.0.0.1");
        assertThat(LaunchVariables.read(own).meeting()).contains(new Meeting("10.0.0.1", 4000, "abc"));
    }

    @Test
    void slurmNamesTheFirstHostOfTheStep() {
        Launch launch = LaunchVariables.read(Map.of(
                "SLURM_PROCID", "3",
                "SLURM_NTASKS", "4",
                "SLURM_LOCALID", "1",
                "SLURM_STEP_NODELIST", "gpu[03-04]",
                "SLURM_JOB_ID", "77",
                "SLURM_STEP_ID", "0"));
        assertThat(launch.place()).isEqualTo(new Place(3, 4, 1, 0));
        assertThat(launch.meeting().orElseThrow().host()).isEqualTo("gpu03");
        assertThat(launch.meeting().orElseThrow().port()).isBetween(20_000, 29_999);
        assertThat(launch.meeting().orElseThrow().job()).isEqualTo("77.0");
    }

    @Test
    void openMpiOnOneMachineMeetsThere() {
        Launch launch = LaunchVariables.read(Map.of(
                "OMPI_COMM_WORLD_RANK", "1",
                "OMPI_COMM_WORLD_SIZE", "2",
                "OMPI_COMM_WORLD_LOCAL_RANK", "1",
                "OMPI_COMM_WORLD_LOCAL_SIZE", "2"));
        assertThat(launch.meeting()).contains(new Meeting("127.0.0.1", 29_501, ""));
    }

    @Test
    void pmiOnSeveralMachinesMustBeToldWhereRankZeroIs() {
        Map<String, String> pmi = Map.of("PMI_RANK", "1", "PMI_SIZE", "2", "MPI_LOCALRANKID", "0");
        assertThatExceptionOfType(LaunchException.class)
                .isThrownBy(() -> LaunchVariables.read(pmi))
                .withMessage("launch: rank 1 of 2 must know where rank 0 is; set PANAMASK_MASTER_ADDR to its machine,"
                        + " and PANAMASK_MASTER_PORT to a free port of it");
        assertThat(LaunchVariables.read(with(pmi, "PANAMASK_MASTER_ADDR", "node1"))
                        .place())
                .isEqualTo(new Place(1, 2, 0, 0));
    }

    @Test
    void twoCompleteSetsThatDisagreeAreRefused() {
        Map<String, String> both = with(TORCHRUN, "SLURM_PROCID", "0", "SLURM_NTASKS", "2", "SLURM_LOCALID", "0");
        assertThatExceptionOfType(LaunchException.class)
                .isThrownBy(() -> LaunchVariables.read(both))
                .withMessage("launch: two launchers must say the same, but torchrun says RANK=5 WORLD_SIZE=8"
                        + " LOCAL_RANK=1 and slurm says SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_LOCALID=0; unset one of"
                        + " them, or set PANAMASK_LAUNCHER to the one that counts, or to none for a process alone");
    }

    @Test
    void oneOfTwoThatDisagreeCanBeChosen() {
        Map<String, String> both = with(TORCHRUN, "SLURM_PROCID", "0", "SLURM_NTASKS", "2", "SLURM_LOCALID", "0");
        assertThat(LaunchVariables.read(with(both, "PANAMASK_LAUNCHER", "torchrun"))
                        .place()
                        .rank())
                .isEqualTo(5);
        assertThat(LaunchVariables.read(with(both, "PANAMASK_LAUNCHER", "none")))
                .isEqualTo(Launch.alone());
    }

    @Test
    void twoCompleteSetsThatAgreeCount() {
        Map<String, String> both = with(TORCHRUN, "SLURM_PROCID", "5", "SLURM_NTASKS", "8", "SLURM_LOCALID", "1");
        assertThat(LaunchVariables.read(both).launcher()).isEqualTo("torchrun");
    }

    @Test
    void aPartOfASetOfAnotherLauncherSaysNothing() {
        assertThat(LaunchVariables.read(Map.of("RANK", "1"))).isEqualTo(Launch.alone());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PANAMASK_RANK|0|launch: panamask must set all of [PANAMASK_RANK, PANAMASK_WORLD_SIZE,"
                        + " PANAMASK_LOCAL_RANK], but got only PANAMASK_RANK=0; set the others, or none",
                "RANK|-1|launch: RANK must be a number of at least 0, not '-1'",
                "RANK|8|launch: the rank must be at least 0 and below the number of ranks, but got rank 8 of 8",
                "LOCAL_RANK|7|launch: the local rank must be at least 0, not above the rank and below the number of"
                        + " local ranks, but got local rank 7 of 0 as rank 5",
                "MASTER_PORT|65535|launch: MASTER_PORT must be a port between 1 and 65534, not '65535'; name a free"
                        + " one",
                "PANAMASK_LAUNCHER|mpi|launch: PANAMASK_LAUNCHER must be one of panamask, torchrun, slurm, openmpi,"
                        + " pmi, none, not 'mpi'"
            })
    void whatCannotBeIsRefusedByName(String name, String value, String message) {
        assertThatExceptionOfType(LaunchException.class)
                .isThrownBy(() -> LaunchVariables.read(with(TORCHRUN, name, value)))
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "node1;node1",
                "node1,node2;node1",
                "gpu[03-05,9],login;gpu03",
                "gpu[7,9];gpu7",
                "a,gpu[1-2];a",
                "rack[2-3]-gpu;rack2-gpu"
            })
    void slurmsShortFormIsRead(String list, String first) {
        assertThat(SlurmHosts.first(list)).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"gpu[03", "gpu[]", "rack[1-2]gpu[1-2]"})
    void anotherFormIsRefused(String list) {
        assertThatExceptionOfType(LaunchException.class)
                .isThrownBy(() -> SlurmHosts.first(list))
                .withMessageContaining("set PANAMASK_MASTER_ADDR to the machine of rank 0");
    }

    private static Map<String, String> with(Map<String, String> variables, String... more) {
        Map<String, String> all = new HashMap<>(variables);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return all;
    }
}
