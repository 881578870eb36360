package org.panamask;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ModelTemplate;
import org.panamask.text.PromptTemplate;
import org.panamask.text.TemplatePreset;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// A diffusion language model, ready to generate. Safe for use by many threads: their passes take turns on the backend.
public final class Panamask implements AutoCloseable {
    private final LoadedModel loaded;
    private final Prompts prompts;
    private final Alignment alignment;
    private final boolean ownsBackend;
    private final Calls calls;

    private Panamask(
            LoadedModel loaded,
            Optional<PromptTemplate> template,
            Alignment alignment,
            boolean ownsBackend,
            Calls calls) {
        this.loaded = loaded;
        this.alignment = alignment;
        this.ownsBackend = ownsBackend;
        this.calls = calls;
        this.prompts = new Prompts(
                loaded.tokenizer(), loaded.special(), template, Prompts.Layout.of(loaded, alignment.begins()));
    }

    private static Panamask of(LoadedModel loaded, Alignment alignment, boolean ownsBackend) {
        Calls calls = new Calls(loaded.folder().toString());
        return new Panamask(loaded, usualTemplate(loaded), alignment, ownsBackend, calls);
    }

    /// As the run that trained it wrote prompts; else, for families that come with a template of their own, as the
    /// folder says.
    private static Optional<PromptTemplate> usualTemplate(LoadedModel loaded) {
        Optional<PromptTemplate> noted = loaded.notes().template().map(Function.identity());
        return noted.isPresent()
                        || TemplatePreset.ofFamily(loaded.model().facts().type())
                                .isEmpty()
                ? noted
                : ModelTemplate.read(loaded.folder()).map(Function.identity());
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
            return of(loaded, alignment, true);
        } catch (RuntimeException | Error failure) {
            backend.close();
            throw failure;
        }
    }

    /// Generates from a model that somebody else has loaded and will close.
    public static Panamask over(LoadedModel loaded, boolean shift) {
        return of(loaded, Alignment.of(shift), false);
    }

    /// The same model with prompts written as `template` says, instead of as in the run that trained it. It is
    /// given back by closing either.
    public Panamask withTemplate(PromptTemplate template) {
        return new Panamask(loaded, Optional.of(template), alignment, ownsBackend, calls);
    }

    /// Whether prompts are laid out by a template, so that conversations and system texts have a place.
    public boolean hasTemplate() {
        return prompts.hasTemplate();
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
    /// @throws StoppedException if the model is closed, before or meanwhile
    public String generate(String prompt) {
        return generate(List.of(prompt), samplerDefaults(), SamplerListener.NONE)
                .getFirst()
                .text();
    }

    /// The answers to `asked`, unmasked side by side; `listener` sees the canvases on the way.
    ///
    /// @throws GenerationException if a prompt leaves no room for an answer, or the canvas is longer than the model
    /// allows
    /// @throws StoppedException if the model is closed, before or meanwhile
    public List<Generation> generate(List<String> asked, SamplerSettings settings, SamplerListener listener) {
        return calls.within(() -> {
            long start = System.nanoTime();
            Prompts.Laid laid = laid(asked.stream().map(Prompt::of).toList(), settings);
            SamplerResult result = sampler(settings, stop(Optional.empty())).sample(laid.input(), listener);
            return generations(laid, result, start);
        });
    }

    /// Starts to answer `asked`, side by side, on a virtual thread.
    ///
    /// @throws GenerationException if a prompt leaves no room for an answer, or the canvas is longer than the model
    /// allows
    /// @throws StoppedException if the model is closed
    public Answering start(List<Prompt> asked, SamplerSettings settings) {
        return start(asked, settings, Optional.empty());
    }

    /// Starts to answer `asked`, side by side, on a virtual thread; it stops before the first pass that would begin
    /// later than `deadline` from now.
    ///
    /// @throws GenerationException if a prompt leaves no room for an answer, or the canvas is longer than the model
    /// allows
    /// @throws StoppedException if the model is closed
    public Answering start(List<Prompt> asked, SamplerSettings settings, Duration deadline) {
        return start(asked, settings, Optional.of(deadline));
    }

    private Answering start(List<Prompt> asked, SamplerSettings settings, Optional<Duration> deadline) {
        long start = System.nanoTime();
        Stop stop = stop(deadline);
        Prompts.Laid laid = calls.within(() -> laid(asked, settings));
        Answering answering = new Answering(stop, prompts, laid, settings.revises());
        Thread.ofVirtual().name("panamask-answer").start(() -> {
            try {
                List<Generation> answers = calls.within(() -> {
                    SamplerResult result = sampler(settings, stop).sample(laid.input(), answering.listener());
                    answering.end(result.ids());
                    return generations(laid, result, start);
                });
                // Who waits for the answers may close the model then.
                answering.complete(answers);
            } catch (RuntimeException | Error failure) {
                answering.fail(failure);
            }
        });
        return answering;
    }

    private Prompts.Laid laid(List<Prompt> asked, SamplerSettings settings) {
        if (asked.isEmpty()) {
            throw new GenerationException("generate: at least 1 prompt must be given, but got none; give one");
        }
        return prompts.answers(asked, settings);
    }

    private List<Generation> generations(Prompts.Laid laid, SamplerResult result, long start) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
        List<Generation> answers = new ArrayList<>();
        for (int row = 0; row < laid.starts().length; row++) {
            int[] ids = result.ids().get(row);
            int first = laid.starts()[row];
            answers.add(new Generation(
                    prompts.answer(ids, first),
                    prompts.end(ids, first) - first,
                    ids.length - first,
                    result.forwards(),
                    elapsed));
        }
        return answers;
    }

    /// The `middle` tokens between `prefix` and `suffix`.
    ///
    /// @throws GenerationException if the gap is empty or the text longer than the model allows
    /// @throws StoppedException if the model is closed, before or meanwhile
    public Generation infill(
            String prefix, String suffix, int middle, SamplerSettings settings, SamplerListener listener) {
        return calls.within(() -> {
            long start = System.nanoTime();
            Prompts.Laid laid = prompts.gap(prefix, suffix, middle);
            SamplerInput input = laid.input().tiled(SamplerInput.Tiling.WHOLE_ROW);
            SamplerResult result = sampler(settings, stop(Optional.empty())).sample(input, listener);
            int first = laid.starts()[0];
            return new Generation(
                    prompts.text(result.ids().getFirst(), first, first + middle),
                    middle,
                    middle,
                    result.forwards(),
                    Duration.ofNanos(System.nanoTime() - start));
        });
    }

    /// A canvas as text, without its begin token: `_` for a masked token, padding left out.
    public String shown(int[] ids) {
        return prompts.shown(ids);
    }

    /// The columns of a canvas from `from` on as text: `_` for a masked token, padding left out.
    public String shown(int[] ids, int from) {
        return prompts.shown(ids, from);
    }

    private Stop stop(Optional<Duration> deadline) {
        return new Stop(new BackendPasses(loaded.backend(), loaded.precision()), calls, deadline);
    }

    private Sampler sampler(SamplerSettings settings, Stop stop) {
        return Sampler.of(loaded.model(), stop, settings, loaded.samplerTokens(), alignment);
    }

    /// Gives the model back, and the backend where [#open] started it. Calls that are running end with a
    /// [StoppedException] when their pass has ended, those that wait for their turn likewise; this call waits for
    /// all of them. Closing twice does nothing.
    ///
    /// @throws IllegalStateException if called by a listener of a call that is running
    @Override
    public void close() {
        calls.close(() -> {
            if (ownsBackend) {
                loaded.close();
                loaded.backend().close();
            }
        });
    }
}
