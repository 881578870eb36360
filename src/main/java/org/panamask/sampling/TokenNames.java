package org.panamask.sampling;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.panamask.config.Require;

/// Tokens as settings name them: ids, `eos` for the end of text, `eot` for the other ends.
final class TokenNames {
    private static final Pattern ID = Pattern.compile("\\d{1,9}");

    private TokenNames() {}

    /// A copy of `names`, each of which must be a name.
    static List<String> checked(String key, List<String> names) {
        for (String name : names) {
            Require.that(
                    ID.matcher(name).matches() || name.equals("eos") || name.equals("eot"),
                    key + " must be a list of ids, eos and eot, but holds '" + name + "'");
        }
        return List.copyOf(names);
    }

    /// Refuses what `tokens`, of a model with `vocabulary` rows of logits, gives no meaning to: an id that has no
    /// row, and names of ends of which it has none.
    ///
    /// @throws org.panamask.config.SettingException if there is any
    static void require(String key, List<String> names, SamplerTokens tokens, int vocabulary) {
        List<Integer> ids = ids(names, tokens);
        Require.that(
                names.isEmpty() || !ids.isEmpty(),
                key + " must name tokens that the model has, but it has no token for " + names
                        + "; leave it out or name ids");
        ids.forEach(id -> Require.that(
                id < vocabulary,
                key + " must hold ids below the model's vocabulary of " + vocabulary + ", but holds " + id
                        + "; leave it out"));
    }

    /// The ids of `names`, each once.
    static List<Integer> ids(List<String> names, SamplerTokens tokens) {
        return names.stream()
                .flatMap(name -> switch (name) {
                    case "eos" -> tokens.end().stream().limit(1);
                    case "eot" -> tokens.end().stream().skip(1);
                    default -> Stream.of(Integer.parseInt(name));
                })
                .distinct()
                .toList();
    }
}
