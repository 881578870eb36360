package org.panamask.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.launch.LaunchException;

/// How this JVM was started, so that it can be started again.
final class OwnCommand {
    private OwnCommand() {}

    /// The program and the options of this JVM, without the last `arguments` ones, which are those of `main`.
    ///
    /// @throws LaunchException if the system does not tell
    static List<String> withoutArguments(int arguments) {
        ProcessHandle.Info own = ProcessHandle.current().info();
        List<String> whole = new ArrayList<>();
        own.command().ifPresent(whole::add);
        whole.addAll(given(own));
        if (whole.size() <= arguments + 1) {
            throw new LaunchException("launch: the system must tell how this JVM was started, but does not; start the"
                    + " ranks yourself, with PANAMASK_RANK, PANAMASK_WORLD_SIZE and PANAMASK_LOCAL_RANK set");
        }
        return List.copyOf(whole.subList(0, whole.size() - arguments));
    }

    /// Linux tells all of it; what Java tells ends after a page.
    private static List<String> given(ProcessHandle.Info own) {
        Path line = Path.of("/proc/self/cmdline");
        if (Files.isReadable(line)) {
            try {
                String[] all = Files.readString(line, StandardCharsets.UTF_8).split("\0");
                return Arrays.asList(all).subList(1, all.length);
            } catch (IOException _) {
                return List.of();
            }
        }
        return own.arguments().map(Arrays::asList).orElseGet(List::of);
    }
}
