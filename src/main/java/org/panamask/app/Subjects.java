package org.panamask.app;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.checkpoint.HubFolder;
import org.panamask.config.Section;
import org.panamask.config.SettingException;
import org.panamask.diffusion.Alignment;
import org.panamask.eval.Estimator;
import org.panamask.eval.Method;
import org.panamask.eval.Subject;
import org.panamask.model.ModelFacts;
import org.panamask.model.Models;
import org.panamask.train.ModelSettings;

/// Reads models as the command line names them: `DIR`, or `DIR,adapter=DIR,mode=ar,name=base`.
final class Subjects {
    private static final String FORM = "write DIR or DIR,adapter=DIR,mode=diffusion|ar,shift=true|false,"
            + "likelihood=ddm|llada|dream|ar_ftb|ar_btf,name=TEXT";

    private Subjects() {}

    /// What holds where a model says nothing else.
    ///
    /// @param mode how it is read
    /// @param shift whether column i is predicted from the hidden state of column i - 1; as in models of the family
    ///     when empty
    /// @param estimator how likelihood is estimated; as for models of the family when empty
    record Usual(Mode mode, Optional<Boolean> shift, Optional<Estimator> estimator) {}

    /// The models of `texts`; `adapters` and `usual` hold where a text does not say otherwise.
    ///
    /// @throws SettingException if a text is not of its form, or two models have one name
    static List<Subject> read(List<String> texts, List<Path> adapters, Usual usual) {
        List<Subject> subjects = new ArrayList<>();
        for (String text : texts) {
            Subject subject = subject(text, adapters, usual);
            if (subjects.stream().anyMatch(other -> other.name().equals(subject.name()))) {
                throw new SettingException(
                        "MODEL must have a name of its own, but got '" + subject.name() + "' twice; add ,name=TEXT");
            }
            subjects.add(subject);
        }
        return subjects;
    }

    /// How a model is read.
    enum Mode {
        /// Masked diffusion.
        DIFFUSION,
        /// Next token under causal attention.
        AR
    }

    private static Subject subject(String text, List<Path> given, Usual usual) {
        String[] parts = text.split(",", -1);
        ModelSettings model = ModelSettings.of(Path.of(parts[0]));
        List<Path> adapters = new ArrayList<>(given);
        Mode how = usual.mode;
        Optional<Boolean> shifted = usual.shift;
        Optional<Estimator> estimator = usual.estimator;
        Optional<String> name = Optional.empty();
        for (String part : List.of(parts).subList(1, parts.length)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new SettingException("MODEL must hold KEY=VALUE after a comma, but got '" + part + "'; " + FORM);
            }
            String key = part.substring(0, equals);
            String value = part.substring(equals + 1);
            switch (key) {
                case "mode" -> how = mode(value);
                case "shift" -> shifted = Optional.of(shift(value));
                case "likelihood" -> estimator = Optional.of(Estimator.named(value));
                case "name" -> name = Optional.of(value);
                case "adapter" -> adapters.add(Path.of(value));
                default -> model = modelKey(model, key, value);
            }
        }
        model = model.with("adapter", adapters);
        Method method = switch (how) {
            case DIFFUSION -> diffusion(model, shifted, estimator);
            case AR -> new Method.Autoregressive();
        };
        return new Subject(name.orElse(name(model)), model, method);
    }

    private static ModelSettings modelKey(ModelSettings model, String key, String value) {
        try {
            return model.with(key, value);
        } catch (SettingException refused) {
            boolean known = Section.of(ModelSettings.class).find(key).isPresent();
            throw new SettingException("MODEL: " + refused.getMessage()
                    + (known ? "" : "; " + FORM + " or a model key of a recipe, such as mask_token_id=811"));
        }
    }

    private static Method diffusion(ModelSettings model, Optional<Boolean> shift, Optional<Estimator> estimator) {
        if (shift.isPresent() && estimator.isPresent()) {
            return new Method.Diffusion(shift.get(), estimator.get());
        }
        ModelFacts facts = Models.config(HubFolder.config(model.path())).facts();
        return new Method.Diffusion(
                shift.orElse(facts.alignment() != Alignment.OWN), estimator.orElse(Estimator.ofFamily(facts.type())));
    }

    private static Mode mode(String value) {
        return switch (value) {
            case "diffusion" -> Mode.DIFFUSION;
            case "ar" -> Mode.AR;
            case String other -> throw new SettingException("mode must be diffusion or ar, not '" + other + "'");
        };
    }

    private static boolean shift(String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            case String other -> throw new SettingException("shift must be true or false, not '" + other + "'");
        };
    }

    private static String name(ModelSettings model) {
        Path last = model.adapter().isEmpty() ? model.path() : model.adapter().getLast();
        Path folder = last.toAbsolutePath().normalize();
        return String.valueOf(folder.getFileName());
    }
}
