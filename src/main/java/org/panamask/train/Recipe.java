package org.panamask.train;

import java.nio.file.Path;
import java.util.Optional;
import org.panamask.backend.BackendSettings;
import org.panamask.config.Key;
import org.panamask.config.Refuses;
import org.panamask.config.Settings;
import org.panamask.data.DataSettings;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.sampling.SamplerSettings;

/// Everything a training run is told.
///
/// @param model the model to start from
/// @param objective what it is trained to do
/// @param lora adapters to train; all weights are trained when it is left out
/// @param data the rows to learn from
/// @param train how the weights are trained
/// @param sample how samples are generated during training; as the model's family does when it is left out
/// @param backend where the numbers are computed
/// @param ranks how several processes train one model together
/// @param output the folder for everything the run writes
@Refuses({
    @Refuses.Entry(key = "model_name_or_path", why = Recipe.FLAT),
    @Refuses.Entry(key = "stage", why = Recipe.FLAT),
    @Refuses.Entry(key = "finetuning_type", why = Recipe.FLAT),
    @Refuses.Entry(key = "output_dir", why = Recipe.FLAT)
})
public record Recipe(
        @Key(doc = "the model to start from") ModelSettings model,

        @Key(value = "ddm-sft", doc = "what the model is trained to do")
        Objective objective,

        @Key(doc = "low-rank adapters to train; without this key all weights are trained")
        Optional<LoraSettings> lora,

        @Key(doc = "the rows to learn from") DataSettings data,

        @Key(doc = "how the weights are trained") TrainSettings train,

        @Key(
                value = "ddm",
                doc = "how samples are generated during training; without this group as the model's family does, mode"
                        + " block for LLaDA and Dream and ddm for others")
        Optional<SamplerSettings> sample,

        @Key(doc = "where the numbers are computed") BackendSettings backend,

        @Key(doc = "how several processes train one model together; see docs/launch.md")
        RankSettings ranks,

        @Key(doc = "folder for everything the run writes") Path output) {
    static final String FLAT =
            "it belongs to LLaMA-Factory's flat files, which panamask recipe --from FILE carries over";

    /// Fine-tuning of all weights with every other key at its default.
    public static Recipe of(Path model, Path rows, Path output) {
        return new Recipe(
                ModelSettings.of(model),
                Objective.DdmSft.defaults(),
                Optional.empty(),
                DataSettings.of(rows),
                TrainSettings.defaults(),
                Optional.empty(),
                BackendSettings.defaults(),
                RankSettings.defaults(),
                output);
    }

    /// A copy with one group of keys changed: `with("lora", LoraSettings.defaults())`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public Recipe with(String key, Object value) {
        return Settings.with(this, key, value);
    }
}
