package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.panamask.emulator.Emulator;
import org.panamask.launch.LocalLaunch;

/// Ranks as processes of their own, as a launch starts them, on the emulator.
@Timeout(120)
final class RankProcessesTest {
    private final List<String> out = Collections.synchronizedList(new ArrayList<>());
    private final List<String> err = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void requireTheEmulator() {
        Emulator.require();
    }

    private int launch(int count, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("panamask."))
                .map(name -> "-D" + name + "=" + System.getProperty(name))
                .forEach(command::add);
        String everything = Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        // Tests of a module are patched into it, beside its classes.
        String tests = Path.of("target", "test-classes").toString();
        command.addAll(List.of("-cp", everything + File.pathSeparator + tests, RankProgram.class.getName()));
        command.addAll(List.of(arguments));
        return new LocalLaunch(
                        new LocalLaunch.Plan(count, command, 0, Duration.ofSeconds(20)),
                        new LocalLaunch.Prints(out::add, err::add))
                .run();
    }

    @Test
    void twoProcessesSumWhatTheyBring() {
        assertThat(launch(2)).as("%s", err).isZero();
        assertThat(out).containsExactlyInAnyOrder("[rank 0] 3.0", "[rank 1] 3.0");
    }

    @Test
    void whoeverIsLeftSaysWhoDied() {
        assertThat(launch(2, "die")).isIn(1, 9);
        assertThat(out).anyMatch(line -> line.startsWith("[rank 0] rank 0 of 2 cannot go on: "));
        assertThat(err).anyMatch(line -> line.startsWith("launch: rank "));
    }
}
