package org.panamask.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.jar.Attributes;

/// Which build of this library runs: what its jar says of itself.
public final class BuildFacts {
    /// The attribute of a jar's manifest that names the commit it was built from.
    static final String COMMIT = "Panamask-Commit";

    private BuildFacts() {}

    /// Version and commit of this library; `development` where it does not come from a jar.
    public static Map<String, String> own() {
        return of(Optional.ofNullable(BuildFacts.class.getResource("BuildFacts.class")));
    }

    /// Version and commit of the jar that `resource` is in.
    static Map<String, String> of(Optional<URL> resource) {
        Attributes attributes = resource.map(BuildFacts::manifest).orElseGet(Attributes::new);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("panamask", text(attributes, Attributes.Name.IMPLEMENTATION_VERSION.toString(), "development"));
        facts.put("commit", text(attributes, COMMIT, "unknown"));
        return facts;
    }

    private static String text(Attributes attributes, String name, String missing) {
        String value = attributes.getValue(name);
        return value == null ? missing : value;
    }

    private static Attributes manifest(URL resource) {
        try {
            return resource.openConnection() instanceof JarURLConnection jar && jar.getMainAttributes() != null
                    ? jar.getMainAttributes()
                    : new Attributes();
        } catch (IOException failure) {
            throw new UncheckedIOException("report: " + resource + " could not be read", failure);
        }
    }
}
