package org.panamask.checkpoint;

import java.nio.file.Path;

/// Where the golden cases lie.
final class Fixtures {
    private Fixtures() {}

    static Path ddm(String name) {
        return Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"), "ddm")
                .resolve(name);
    }
}
