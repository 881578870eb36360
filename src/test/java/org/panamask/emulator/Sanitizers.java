package org.panamask.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The flags of a build that checks every access, and whether this machine's compiler has what they need.
final class Sanitizers {
    static final List<String> FLAGS = List.of(
            "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer");

    private Sanitizers() {}

    /// Whether a program can be linked with them.
    static boolean present(Path emulator) throws IOException {
        Path probe = Files.createTempFile(emulator, "probe", ".cpp");
        Path program = Files.createTempFile(emulator, "probe", "");
        Files.writeString(probe, "int main() { return 0; }\n");
        try {
            EmulatorBuild.run(
                    emulator,
                    List.of(
                            EmulatorBuild.compiler(),
                            "-fsanitize=address,undefined",
                            probe.toString(),
                            "-o",
                            program.toString()));
            return true;
        } catch (IOException _) {
            return false;
        } finally {
            Files.delete(probe);
            Files.deleteIfExists(program);
        }
    }
}
