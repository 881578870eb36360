package org.panamask.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The flags of builds that check accesses, and whether this machine's compiler has what they need.
final class Sanitizers {
    /// Checks that every access is to memory, and in bounds.
    static final List<String> FLAGS = List.of(
            "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer");

    /// Checks that what blocks access together is accessed by atomics. Threads of one block take turns, so barriers
    /// are not checked here.
    static final List<String> RACES = List.of("-O1", "-fsanitize=thread");

    private Sanitizers() {}

    /// Whether a program can be linked with `flags`.
    static boolean present(Path emulator, List<String> flags) throws IOException {
        Path probe = Files.createTempFile(emulator, "probe", ".cpp");
        Path program = Files.createTempFile(emulator, "probe", "");
        Files.writeString(probe, "int main() { return 0; }\n");
        try {
            List<String> command = new ArrayList<>(List.of(EmulatorBuild.compiler()));
            command.addAll(flags);
            command.addAll(List.of(probe.toString(), "-o", program.toString()));
            EmulatorBuild.run(emulator, command);
            return true;
        } catch (IOException _) {
            return false;
        } finally {
            Files.delete(probe);
            Files.deleteIfExists(program);
        }
    }
}
