package org.panamask.eval;

import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.config.Require;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// A model to be evaluated.
///
/// @param name what tables call it
/// @param model its folder, and perhaps adapters
/// @param method how it is read
public record Subject(String name, ModelSettings model, Method method) {
    /// Checks the name.
    ///
    /// @throws org.panamask.config.SettingException if it is blank
    public Subject {
        Require.notBlank("name", name);
    }

    /// Loads it onto `backend`.
    ///
    /// @throws org.panamask.checkpoint.CheckpointException if a file is missing or wrong
    /// @throws org.panamask.text.TokenizerException if the tokenizer is missing or wrong, or lacks a token
    public LoadedModel open(Backend backend, Precision precision) {
        return LoadedModel.open(backend, precision, model, new LoadedModel.Trained.Nothing());
    }
}
