package org.panamask;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.report.SampleReport;
import org.panamask.sampling.CausalDecoder;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerSettings;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;
import org.panamask.train.Recipe;
import org.panamask.train.TrainingData;

/// Generates an answer while a model trains: to a validation row where there are some, else to a training row, another
/// one each time. Diffusion models unmask it, a causal one decodes it from left to right.
final class Samples {
    private final LoadedModel loaded;
    private final Recipe recipe;
    private final List<Row> rows;
    private final RowIds special;
    private final Prompts prompts;

    Samples(LoadedModel loaded, Recipe recipe, TrainingData data) {
        this.loaded = loaded;
        this.recipe = recipe;
        this.special = data.special();
        this.rows = data.validation().isEmpty()
                ? data.training().stream().flatMap(pack -> pack.rows().stream()).toList()
                : data.validation();
        this.prompts = new Prompts(loaded.tokenizer(), special, Optional.empty(), Prompts.Layout.of(loaded, true));
    }

    SampleReport take(long step) {
        Row row = rows.get((int) (step / recipe.train().sampleEvery() % rows.size()));
        int start = Math.max(1, row.sourceLength());
        int[] masked = row.ids().clone();
        Arrays.fill(masked, start, masked.length, special.mask());
        int[] answer = switch (recipe.objective()) {
            case Objective.DdmSft sft -> unmasked(masked, start, sft.alignment());
            case Objective.Ddm ddm -> unmasked(masked, start, ddm.alignment());
            case Objective.Mgdm _ -> unmasked(masked, start, Alignment.SHIFTED_IN_PLACE);
            case LladaObjective _ -> unmasked(masked, start, Alignment.OWN);
            case DreamObjective _ -> unmasked(masked, start, Alignment.SHIFTED);
            case MdlmObjective mdlm -> unmasked(masked, start, Alignment.of(mdlm.shifts()));
            case Objective.Autoregressive _ -> decoded(masked, start);
        };
        return new SampleReport(
                step, prompts.text(row.ids(), 0, start), prompts.shown(masked, start), prompts.answer(answer, start));
    }

    private int[] unmasked(int[] masked, int start, Alignment alignment) {
        boolean[] given = new boolean[masked.length];
        Arrays.fill(given, 0, start, true);
        SamplerSettings settings = recipe.sample()
                .orElseGet(() -> SamplerSettings.of(loaded.model().facts().type()));
        Sampler sampler = Sampler.of(loaded.model(), passes(), settings, loaded.samplerTokens(), alignment);
        return sampler.sample(SamplerInput.of(new int[][] {masked}, new boolean[][] {given}), SamplerListener.NONE)
                .ids()
                .getFirst();
    }

    private int[] decoded(int[] masked, int start) {
        return new CausalDecoder(loaded.model(), passes(), List.of(special.eos()), special.pad())
                .decode(new int[][] {masked}, new int[] {start})
                .ids()
                .getFirst();
    }

    private BackendPasses passes() {
        return new BackendPasses(loaded.backend(), loaded.precision());
    }
}
