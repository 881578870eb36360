package org.panamask.launch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reads which rank a process is from the environment variables of `panamask launch`, torchrun, Slurm, Open MPI and
/// MPICH-like launchers. A set counts when it is complete; two complete ones must agree. The port of torchrun,
/// `MASTER_PORT`, may be served by torchrun itself and is never taken: the store listens one above it.
public final class LaunchVariables {
    /// Names the launcher whose variables count, where several disagree; `none` for a process alone.
    public static final String LAUNCHER = "PANAMASK_LAUNCHER";
    /// The machine of rank 0.
    public static final String ADDRESS = "PANAMASK_MASTER_ADDR";
    /// Where the store of rank 0 listens.
    public static final String PORT = "PANAMASK_MASTER_PORT";
    /// What the ranks of one launch have in common.
    static final String JOB = "PANAMASK_JOB";
    /// Where the store listens when nobody says so: above torchrun's default of 29500.
    static final int DEFAULT_PORT = 29_501;

    private static final String NOBODY = "none";
    static final String THIS_MACHINE = "127.0.0.1";
    private static final int SLURM_FIRST_PORT = 20_000;
    private static final int SLURM_PORTS = 10_000;

    private final Map<String, String> environment;

    private LaunchVariables(Map<String, String> environment) {
        this.environment = environment;
    }

    /// What `environment` says.
    ///
    /// @return the launch; [Launch#alone] where no set of variables is complete
    /// @throws LaunchException if sets disagree, a value is no number, or several ranks have no place to meet
    public static Launch read(Map<String, String> environment) {
        return new LaunchVariables(environment).launch();
    }

    /// Takes every variable that places a process out of `environment`, so that one who launches others can say
    /// anew what holds for them.
    static void removeFrom(Map<String, String> environment) {
        Stream.concat(
                        Arrays.stream(Launcher.values()).flatMap(Launcher::variables),
                        Stream.of(LAUNCHER, ADDRESS, PORT, JOB))
                .forEach(environment::remove);
    }

    private Launch launch() {
        List<Launcher> complete = complete();
        if (complete.isEmpty()) {
            return Launch.alone();
        }
        Launcher first = complete.getFirst();
        Place place = first.place(environment);
        for (Launcher other : complete) {
            Place there = other.place(environment);
            if (there.rank() != place.rank()
                    || there.world() != place.world()
                    || there.localRank() != place.localRank()) {
                throw new LaunchException("launch: two launchers must say the same, but " + first.label() + " says "
                        + first.shown(environment) + " and " + other.label() + " says " + other.shown(environment)
                        + "; unset one of them, or set " + LAUNCHER + " to the one that counts, or to " + NOBODY
                        + " for a process alone");
            }
        }
        Optional<Meeting> meeting = place.world() > 1 ? meeting(first, place) : Optional.empty();
        return new Launch(place, meeting, first.label());
    }

    private List<Launcher> complete() {
        Optional<String> chosen = variable(LAUNCHER);
        if (chosen.isPresent()) {
            return chosen.get().equals(NOBODY) ? List.of() : List.of(chosen(chosen.get()));
        }
        List<Launcher> complete = new ArrayList<>();
        for (Launcher each : Launcher.values()) {
            if (each.isComplete(environment)) {
                complete.add(each);
            } else if (each == Launcher.PANAMASK && each.needed().stream().anyMatch(environment::containsKey)) {
                throw incomplete(each);
            }
        }
        return complete;
    }

    private Launcher chosen(String name) {
        Launcher launcher = Arrays.stream(Launcher.values())
                .filter(each -> each.label().equals(name))
                .findFirst()
                .orElseThrow(() -> new LaunchException("launch: " + LAUNCHER + " must be one of "
                        + Stream.concat(Arrays.stream(Launcher.values()).map(Launcher::label), Stream.of(NOBODY))
                                .collect(Collectors.joining(", "))
                        + ", not '" + name + "'"));
        if (!launcher.isComplete(environment)) {
            throw incomplete(launcher);
        }
        return launcher;
    }

    private LaunchException incomplete(Launcher launcher) {
        return new LaunchException("launch: " + launcher.label() + " must set all of " + launcher.needed()
                + ", but got only " + launcher.shown(environment) + "; set the others, or none");
    }

    private Optional<Meeting> meeting(Launcher launcher, Place place) {
        return address(launcher, place).map(host -> new Meeting(host, port(launcher), job()));
    }

    private Optional<String> address(Launcher launcher, Place place) {
        return variable(ADDRESS)
                .or(() -> variable("MASTER_ADDR"))
                .or(() -> launcher == Launcher.SLURM
                        ? variable("SLURM_STEP_NODELIST")
                                .or(() -> variable("SLURM_JOB_NODELIST"))
                                .map(SlurmHosts::first)
                        : Optional.empty())
                .or(() -> place.localWorld() == place.world() ? Optional.of(THIS_MACHINE) : Optional.empty());
    }

    private int port(Launcher launcher) {
        Optional<Integer> own = variable(PORT).map(text -> port(PORT, text));
        Optional<Integer> above = variable("MASTER_PORT").map(text -> port("MASTER_PORT", text) + 1);
        return own.or(() -> above).orElseGet(() -> launcher == Launcher.SLURM ? slurmPort() : DEFAULT_PORT);
    }

    private static int port(String name, String text) {
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 65_534) {
            throw new LaunchException(
                    "launch: " + name + " must be a port between 1 and 65534, not '" + text + "'; name a free one");
        }
        return Integer.parseInt(text);
    }

    /// Two jobs of one machine should not meet, so each has a port of its own.
    private int slurmPort() {
        int hash = Objects.hash(
                variable("SLURM_JOB_ID").orElse(""), variable("SLURM_STEP_ID").orElse(""));
        return SLURM_FIRST_PORT + Math.floorMod(hash, SLURM_PORTS);
    }

    private String job() {
        return variable(JOB)
                .or(() -> variable("TORCHELASTIC_RUN_ID"))
                .orElseGet(() -> Stream.of("SLURM_JOB_ID", "SLURM_STEP_ID")
                        .map(name -> variable(name).orElse(""))
                        .filter(text -> !text.isEmpty())
                        .collect(Collectors.joining(".")));
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
    }
}
