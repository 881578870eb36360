package org.panamask.backend.cuda;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.backend.BackendException;

/// Which of a machine's devices a process uses.
///
/// @param setting a number, or `auto` for the process's place among those of its machine
/// @param environment the environment variables, of which launchers set some
record DeviceChoice(String setting, Map<String, String> environment) {
    /// What our own launch, torchrun, Open MPI, Slurm and MPICH say the process's place among those of its machine
    /// is.
    private static final List<String> PLACES = List.of(
            "PANAMASK_LOCAL_RANK", "LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "MPI_LOCALRANKID");

    /// The device's number, below `devices`.
    ///
    /// @throws BackendException if there is no such device
    int among(int devices) {
        Optional<String> variable =
                PLACES.stream().filter(environment::containsKey).findFirst();
        boolean automatic = setting.equals("auto");
        String origin = automatic ? variable.orElse("backend.device") : "backend.device";
        String number = automatic ? variable.map(environment::get).orElse("0") : setting;
        if (!number.matches("\\d{1,6}") || Integer.parseInt(number) >= devices) {
            throw new BackendException("backend cuda: " + origin + " asks for device " + number + ", but there "
                    + (devices == 1 ? "is 1 device, number 0" : "are " + devices + " devices, from number 0 on")
                    + "; choose one of them in backend.device, or make more of them visible in CUDA_VISIBLE_DEVICES");
        }
        return Integer.parseInt(number);
    }
}
