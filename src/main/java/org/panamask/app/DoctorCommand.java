package org.panamask.app;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendProvider;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Says what was found on this machine and what is missing.
@Command(name = "doctor", description = "Show JDK, libraries, threads and instruction set, and what is missing.")
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    /// Made by picocli.
    DoctorCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        line(out, "jdk", Runtime.version() + ", " + System.getProperty("java.home"));
        line(out, "system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        line(out, "cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        line(out, "heap", Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB at most");
        line(out, "native access", nativeAccess(DoctorCommand.class.getModule()));
        int status = 0;
        for (BackendProvider kind : Backends.kinds()) {
            // A GPU is not needed; everything else must run anywhere.
            if (!describe(out, kind) && !kind.name().equals("cuda")) {
                status = 1;
            }
        }
        out.flush();
        return status;
    }

    /// Whether it runs here.
    private static boolean describe(PrintWriter out, BackendProvider kind) {
        boolean runs = true;
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", kind.name()))) {
            line(out, kind.name(), "runs here");
            backend.report().forEach((fact, value) -> line(out, "  " + fact, value));
            for (Precision precision : Precision.values()) {
                line(out, "  computes " + precision.name().toLowerCase(Locale.ROOT), canRun(backend, precision));
            }
        } catch (BackendException refused) {
            line(out, kind.name(), String.valueOf(refused.getMessage()));
            runs = false;
        }
        kind.installation().forEach((library, found) -> line(out, "  " + library, found));
        return runs;
    }

    private static String nativeAccess(Module module) {
        return module.isNativeAccessEnabled()
                ? "enabled"
                : "not enabled: start java with --enable-native-access="
                        + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    private static String canRun(Backend backend, Precision precision) {
        try {
            backend.require(precision);
            return "yes";
        } catch (BackendException refused) {
            return "no: " + refused.getMessage();
        }
    }

    private static void line(PrintWriter out, String what, String value) {
        out.printf("%-16s %s%n", what, value);
    }
}
