package org.panamask.app;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.config.SettingException;
import org.panamask.eval.Estimator;
import org.panamask.eval.Progress;
import org.panamask.eval.Subject;
import org.panamask.model.Models;
import org.panamask.report.BuildFacts;
import org.panamask.report.EnvironmentFile;
import org.panamask.sampling.SamplerSettings;
import org.panamask.train.LoadedModel;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The options that name the models to be evaluated and where they run.
final class EvalModels {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0..*",
            arity = "1..*",
            paramLabel = "MODEL",
            description = "model folder; what differs for it after commas: DIR,adapter=DIR,mode=ar,name=TEXT")
    private List<String> models = List.of();

    @Option(
            names = {"-a", "--adapter"},
            paramLabel = "DIR",
            description = "PEFT adapter folder, where there is one MODEL; of several, all but the last are merged")
    private List<Path> adapters = List.of();

    @Option(
            names = "--mode",
            defaultValue = "diffusion",
            description = "how a MODEL that says nothing is read: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private Subjects.Mode mode = Subjects.Mode.DIFFUSION;

    @Option(
            names = "--no-shift",
            description =
                    "position i is predicted from hidden state i, not i - 1 (default: as in models of the family)")
    private boolean unshifted;

    @Option(
            names = "--likelihood",
            paramLabel = "NAME",
            description = "how the likelihood of diffusion models is estimated: ddm, llada, dream, ar_ftb or ar_btf"
                    + " (default: as for models of the family)")
    private Optional<String> likelihood = Optional.empty();

    @Option(
            names = "--backend",
            defaultValue = "cpu",
            description = "cpu, cuda or reference (default ${DEFAULT-VALUE})")
    private String backend = "cpu";

    @Option(
            names = "--dtype",
            defaultValue = "f32",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private Precision dtype = Precision.F32;

    /// Made by picocli.
    EvalModels() {}

    /// What is measured of one model.
    @FunctionalInterface
    interface Measure<R> {
        /// Measures `subject`, opened as `loaded`.
        R of(Subject subject, LoadedModel loaded, Progress progress);
    }

    /// What was measured of all models, and what it ran on.
    ///
    /// @param results of each model
    /// @param environment what it ran on
    /// @param <R> what was measured
    record Results<R>(List<R> results, Map<String, String> environment) {}

    /// The settings that the family of the first model is used to: all are measured by the same sampler.
    SamplerSettings sampling() {
        Subject first = subjects().getFirst();
        return SamplerSettings.of(
                Models.config(HubFolder.config(first.model().path())).facts().type());
    }

    /// Opens one model after the other and measures it.
    <R> Results<R> each(Measure<R> measure) {
        if (!adapters.isEmpty() && models.size() > 1) {
            throw new SettingException("--adapter must go with one MODEL, but got " + models.size()
                    + "; write MODEL,adapter=DIR for each that has one");
        }
        List<Subject> subjects = subjects();
        BackendSettings where = BackendSettings.defaults().with("name", backend).with("dtype", dtype);
        try (Backend opened = Backends.open(where)) {
            opened.require(dtype);
            List<R> results = new ArrayList<>();
            for (Subject subject : subjects) {
                try (LoadedModel loaded = subject.open(opened, dtype)) {
                    RowsLine progress =
                            new RowsLine(spec.commandLine().getErr(), subject.name(), InstantSource.system());
                    results.add(measure.of(subject, loaded, progress));
                }
            }
            return new Results<>(results, facts(opened));
        }
    }

    private List<Subject> subjects() {
        Subjects.Usual usual = new Subjects.Usual(
                mode, unshifted ? Optional.of(false) : Optional.empty(), likelihood.map(Estimator::named));
        return Subjects.read(models, adapters, usual);
    }

    private Map<String, String> facts(Backend opened) {
        Map<String, String> facts = EnvironmentFile.facts(opened.report());
        facts.put("dtype", dtype.name().toLowerCase(Locale.ROOT));
        facts.putAll(BuildFacts.own());
        return facts;
    }
}
