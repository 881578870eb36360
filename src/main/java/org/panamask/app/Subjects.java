package org.panamask.app;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.checkpoint.HubFolder;
import org.panamask.config.SettingException;
import org.panamask.diffusion.Alignment;
import org.panamask.eval.Method;
import org.panamask.eval.Subject;
import org.panamask.model.Models;
import org.panamask.train.ModelSettings;

/// Reads models as the command line names them: `DIR`, or `DIR,adapter=DIR,mode=ar,name=base`.
final class Subjects {
    private static final String FORM = "write DIR or DIR,adapter=DIR,mode=diffusion|ar,shift=true|false,name=TEXT";

    private Subjects() {}

    /// The models of `texts`; `adapters`, `mode` and `shift` hold where a text does not say otherwise.
    ///
    /// @throws SettingException if a text is not of its form, or two models have one name
    static List<Subject> read(List<String> texts, List<Path> adapters, Mode mode, Optional<Boolean> shift) {
        List<Subject> subjects = new ArrayList<>();
        for (String text : texts) {
            Subject subject = subject(text, adapters, mode, shift);
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

    private static Subject subject(String text, List<Path> given, Mode mode, Optional<Boolean> shift) {
        String[] parts = text.split(",", -1);
        ModelSettings model = ModelSettings.of(Path.of(parts[0]));
        List<Path> adapters = new ArrayList<>(given);
        Mode how = mode;
        Optional<Boolean> shifted = shift;
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
                case "name" -> name = Optional.of(value);
                case "adapter" -> adapters.add(Path.of(value));
                default -> model = model.with(key, value);
            }
        }
        model = model.with("adapter", adapters);
        Method method = switch (how) {
            case DIFFUSION -> new Method.Diffusion(shifted.isPresent() ? shifted.get() : shiftsByFamily(model));
            case AR -> new Method.Autoregressive();
        };
        return new Subject(name.orElse(name(model)), model, method);
    }

    private static boolean shiftsByFamily(ModelSettings model) {
        return Models.config(HubFolder.config(model.path())).facts().alignment() != Alignment.OWN;
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
