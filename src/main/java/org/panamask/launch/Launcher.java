package org.panamask.launch;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Who starts ranks, and the environment variables that tell a process which one it is; the first come first.
enum Launcher {
    PANAMASK("PANAMASK_RANK", "PANAMASK_WORLD_SIZE", "PANAMASK_LOCAL_RANK", "PANAMASK_LOCAL_WORLD_SIZE"),
    TORCHRUN("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
    SLURM("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"),
    OPENMPI("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    PMI("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS");

    private final String rank;
    private final String world;
    private final String localRank;
    private final String localWorld;

    Launcher(String rank, String world, String localRank, String localWorld) {
        this.rank = rank;
        this.world = world;
        this.localRank = localRank;
        this.localWorld = localWorld;
    }

    /// As [LaunchVariables#LAUNCHER] names it.
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The variables without which it says nothing.
    List<String> needed() {
        return List.of(rank, world, localRank);
    }

    /// All variables that place a process.
    Stream<String> variables() {
        return Stream.of(rank, world, localRank, localWorld);
    }

    /// Whether all needed variables are there.
    boolean isComplete(Map<String, String> environment) {
        return needed().stream().allMatch(environment::containsKey);
    }

    /// The needed variables that are there, with their values.
    String shown(Map<String, String> environment) {
        return needed().stream()
                .filter(environment::containsKey)
                .map(name -> name + "=" + environment.get(name))
                .collect(Collectors.joining(" "));
    }

    /// Where a complete set places the process.
    ///
    /// @throws LaunchException if a value is no number or out of its range
    Place place(Map<String, String> environment) {
        int local = Optional.ofNullable(environment.get(localWorld))
                .filter(text -> text.matches("\\d{1,9}"))
                .map(Integer::parseInt)
                .orElse(0);
        int[] numbers =
                needed().stream().mapToInt(name -> number(name, environment)).toArray();
        // Slurm's number is the one asked for a machine; the last machine may hold fewer.
        int held = local > numbers[2] ? Math.min(local, numbers[1]) : 0;
        return new Place(numbers[0], numbers[1], numbers[2], held);
    }

    private static int number(String name, Map<String, String> environment) {
        String text = environment.getOrDefault(name, "");
        if (!text.matches("\\d{1,9}")) {
            throw new LaunchException("launch: " + name + " must be a number of at least 0, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
