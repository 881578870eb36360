package org.panamask.data;

import java.nio.file.Path;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads golden numbers of the reference implementation.
final class DataFixtures {
    private DataFixtures() {}

    static JsonNode read(String name) {
        String folder = System.getProperty("panamask.fixtures", "src/test/resources/fixtures");
        return JsonMapper.shared().readTree(Path.of(folder, "ddm", "data", name).toFile());
    }

    static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
