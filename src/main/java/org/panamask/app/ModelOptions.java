package org.panamask.app;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.panamask.Panamask;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.config.SettingException;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ChatTemplate;
import org.panamask.train.ModelSettings;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options that name a model and how it is sampled.
final class ModelOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "DIR",
            description = "model folder in Hugging Face layout")
    private Path model = Path.of("");

    @Option(
            names = {"-a", "--adapter"},
            paramLabel = "DIR",
            description = "PEFT adapter folder, such as the output of a run; of several, all but the last are merged"
                    + " into the model")
    private List<Path> adapters = List.of();

    @Option(
            names = "--shift",
            description = "position i is predicted from hidden state i - 1 (default: as in models of the family)")
    private boolean shifted;

    @Option(names = "--no-shift", description = "position i is predicted from hidden state i, not i - 1")
    private boolean unshifted;

    @Option(names = "--mgdm", description = "the model learnt with the objective mgdm: rows have no begin token")
    private boolean mgdm;

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

    @Option(
            names = "--template",
            paramLabel = "NAME",
            description = "how a prompt is written: ${COMPLETION-CANDIDATES} (default: as in the training run)")
    private Optional<ChatTemplate> template = Optional.empty();

    @Option(names = "--show-steps", description = "print the canvas after every step that opened something")
    private boolean showSteps;

    @Option(names = "--profile", description = "print at the end where the time went, operation by operation")
    private boolean profile;

    /// Made by picocli.
    ModelOptions() {}

    Panamask open() {
        ModelSettings settings = ModelSettings.of(model).with("adapter", adapters);
        BackendSettings where = BackendSettings.defaults()
                .with("name", backend)
                .with("dtype", dtype)
                .with("profile", profile);
        Panamask model = alignment()
                .map(alignment -> Panamask.open(settings, where, alignment))
                .orElseGet(() -> Panamask.open(settings, where));
        return template.map(model::withTemplate).orElse(model);
    }

    private Optional<Alignment> alignment() {
        if (shifted && unshifted) {
            throw new SettingException("--shift and --no-shift cannot go together; leave one of them out");
        }
        if (mgdm) {
            return Optional.of(Alignment.SHIFTED_IN_PLACE);
        }
        return shifted || unshifted ? Optional.of(Alignment.of(shifted)) : Optional.empty();
    }

    /// The settings of a model whose own defaults are `usual`; the command has the options of [SamplerOptions].
    SamplerSettings sampling(SamplerSettings usual) {
        return SamplerOptions.read(spec, usual);
    }

    boolean showsSteps() {
        return showSteps;
    }
}
