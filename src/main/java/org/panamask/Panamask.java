package org.panamask;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ChatTemplate;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// A diffusion language model, ready to generate. Safe for use by many threads: their passes take turns on the backend.
public final class Panamask implements AutoCloseable {
    private final LoadedModel loaded;
    private final Prompts prompts;
    private final Alignment alignment;
    private final boolean ownsBackend;
    private volatile boolean open = true;

    private Panamask(LoadedModel loaded, Optional<ChatTemplate> template, Alignment alignment, boolean ownsBackend) {
        this.loaded = loaded;
        this.alignment = alignment;
        this.ownsBackend = ownsBackend;
        this.prompts = new Prompts(
                loaded.tokenizer(), loaded.special(), template, loaded.model().maxPositions(), alignment.begins());
    }

    /// Loads the model of a folder in Hugging Face layout onto the CPU in f32.
    ///
    /// @throws org.panamask.checkpoint.CheckpointException if a file is missing or wrong
    /// @throws org.panamask.text.TokenizerException if the tokenizer is missing or wrong, or lacks the mask token
    /// @throws org.panamask.backend.BackendException if the backend cannot run here
    public static Panamask open(Path folder) {
        return open(ModelSettings.of(folder), BackendSettings.defaults());
    }

    /// Loads what `model` names, perhaps with an adapter, onto the backend that `where` names. Columns are
    /// predicted as in diffusion models of its family.
    ///
    /// @param model folder, adapter, tokenizer, special ids
    /// @param where backend, number type, threads
    public static Panamask open(ModelSettings model, BackendSettings where) {
        return open(model, where, Optional.empty());
    }

    /// Loads what `model` names, perhaps with an adapter, onto the backend that `where` names.
    ///
    /// @param model folder, adapter, tokenizer, special ids
    /// @param where backend, number type, threads
    /// @param shift whether the model predicts column i from the hidden state of column i - 1, as models converted
    ///     from causal ones do
    public static Panamask open(ModelSettings model, BackendSettings where, boolean shift) {
        return open(model, where, Alignment.of(shift));
    }

    /// Loads what `model` names, perhaps with an adapter, onto the backend that `where` names.
    ///
    /// @param model folder, adapter, tokenizer, special ids
    /// @param where backend, number type, threads
    /// @param alignment which hidden state predicts a column, and whether rows start with a begin token
    public static Panamask open(ModelSettings model, BackendSettings where, Alignment alignment) {
        return open(model, where, Optional.of(alignment));
    }

    private static Panamask open(ModelSettings model, BackendSettings where, Optional<Alignment> given) {
        Backend backend = Backends.open(where);
        try {
            backend.require(where.dtype());
            LoadedModel loaded = LoadedModel.open(backend, where.dtype(), model, new LoadedModel.Trained.Nothing());
            Alignment alignment = given.orElse(loaded.model().facts().alignment());
            return new Panamask(loaded, loaded.notes().template(), alignment, true);
        } catch (RuntimeException | Error failure) {
            backend.close();
            throw failure;
        }
    }

    /// Generates from a model that somebody else has loaded and will close.
    public static Panamask over(LoadedModel loaded, boolean shift) {
        return new Panamask(loaded, loaded.notes().template(), Alignment.of(shift), false);
    }

    /// The same model with prompts written as `template` says, instead of as in the run that trained it. It is
    /// given back by closing either.
    public Panamask withTemplate(ChatTemplate template) {
        return new Panamask(loaded, Optional.of(template), alignment, ownsBackend);
    }

    /// The model, its tokenizer and its special ids.
    public LoadedModel loaded() {
        return loaded;
    }

    /// The settings that the model's family is used to, every key at its default.
    public SamplerSettings samplerDefaults() {
        return SamplerSettings.of(loaded.model().facts().type());
    }

    /// The answer to `prompt` with every setting at its default.
    ///
    /// @throws GenerationException if the prompt leaves no room for an answer
    /// @throws IllegalStateException if the model is closed
    public String generate(String prompt) {
        return generate(List.of(prompt), samplerDefaults(), SamplerListener.NONE)
                .getFirst()
                .text();
    }

    /// The answers to `asked`, unmasked side by side; `listener` sees the canvases on the way.
    ///
    /// @throws GenerationException if a prompt leaves no room for an answer, or the canvas is longer than the model
    /// allows
    /// @throws IllegalStateException if the model is closed
    public List<Generation> generate(List<String> asked, SamplerSettings settings, SamplerListener listener) {
        requireOpen();
        long start = System.nanoTime();
        Prompts.Laid laid = prompts.answers(asked, settings);
        SamplerResult result = sampler(settings).sample(laid.input(), listener);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
        List<Generation> answers = new ArrayList<>();
        for (int row = 0; row < asked.size(); row++) {
            int first = laid.starts()[row];
            answers.add(new Generation(
                    prompts.answer(result.ids().get(row), first),
                    laid.ids()[row].length - first,
                    result.forwards(),
                    elapsed));
        }
        return answers;
    }

    /// The `middle` tokens between `prefix` and `suffix`.
    ///
    /// @throws GenerationException if the gap is empty or the text longer than the model allows
    /// @throws IllegalStateException if the model is closed
    public Generation infill(
            String prefix, String suffix, int middle, SamplerSettings settings, SamplerListener listener) {
        requireOpen();
        long start = System.nanoTime();
        Prompts.Laid laid = prompts.gap(prefix, suffix, middle);
        SamplerResult result = sampler(settings).sample(laid.input(), listener);
        int first = laid.starts()[0];
        return new Generation(
                prompts.text(result.ids().getFirst(), first, first + middle),
                middle,
                result.forwards(),
                Duration.ofNanos(System.nanoTime() - start));
    }

    /// A canvas as text, without its begin token: `_` for a masked token, padding left out.
    public String shown(int[] ids) {
        return prompts.shown(ids);
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException(loaded.folder() + ": the model is closed; open it again to generate");
        }
    }

    private Sampler sampler(SamplerSettings settings) {
        return Sampler.of(
                loaded.model(),
                new BackendPasses(loaded.backend(), loaded.precision()),
                settings,
                loaded.samplerTokens(),
                alignment);
    }

    /// Gives the model back, and the backend where [#open] started it. Closing twice does nothing.
    @Override
    public void close() {
        open = false;
        if (ownsBackend) {
            loaded.close();
            loaded.backend().close();
        }
    }
}
