package org.panamask.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// `model.safetensors.index.json`: which shard holds which tensor.
///
/// @param file what messages call it
/// @param shardOf the shard's file name by tensor name
record ShardIndex(String file, Map<String, String> shardOf) {
    static final String NAME = "model.safetensors.index.json";
    /// A plain file name: no separator, no drive, no leading dot, so that it cannot point out of the folder.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,200}\\.safetensors");

    static ShardIndex read(Path file) {
        ModelConfig json = ModelConfig.read(file);
        ModelConfig map = json.object("weight_map")
                .orElseThrow(() -> json.refused("weight_map", "an object from tensor names to shards"));
        Map<String, String> shardOf = new LinkedHashMap<>();
        for (String tensor : map.keys()) {
            String shard = map.requireString(tensor);
            if (!PLAIN.matcher(shard).matches()) {
                throw map.refused(tensor, "a plain file name that ends in .safetensors");
            }
            shardOf.put(tensor, shard);
        }
        return new ShardIndex(json.file(), shardOf);
    }

    Set<String> shards() {
        return new LinkedHashSet<>(shardOf.values().stream().sorted().toList());
    }

    /// Checks that each shard holds the tensors the index puts there and no others.
    void requireSameTensors(List<Safetensors> shards) {
        List<String> faults = new ArrayList<>();
        Map<String, Safetensors> byFile = new LinkedHashMap<>();
        shards.forEach(shard -> byFile.put(shard.file(), shard));
        shardOf.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(entry -> {
            Safetensors shard = byFile.get(entry.getValue());
            if (shard == null || !shard.names().contains(entry.getKey())) {
                faults.add(Printable.of(entry.getKey()) + " is not in " + entry.getValue());
            }
        });
        for (Safetensors shard : shards) {
            for (String name : shard.names()) {
                if (!shard.file().equals(shardOf.get(name))) {
                    faults.add(Printable.of(name) + " in " + shard.file() + " is not in the index");
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new CheckpointException(file + ": index and shards must name the same tensors, but "
                    + String.join(", ", faults) + "; fetch the folder again");
        }
    }
}
