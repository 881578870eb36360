package org.panamask.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.SafetensorsWriter;
import org.panamask.checkpoint.WeightSource;
import org.panamask.tensor.Shape;

/// The tiny LLaDA with the maps of its layers joined, as the block type `sequential` has them.
final class Fused {
    private Fused() {}

    /// Writes it.
    static void write(Path folder) throws IOException {
        Path plain = Tiny.samplerFolder("illada-tiny");
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("config.json"),
                Files.readString(plain.resolve("config.json"))
                        .replace("\"silu\"", "\"swiglu\"")
                        .replace("\"block_type\": \"llama\"", "\"block_type\": \"sequential\"")
                        .replace("\"mlp_hidden_size\": 96", "\"mlp_hidden_size\": 192"));
        try (HubFolder hub = HubFolder.open(plain)) {
            List<WeightSource> tensors = new ArrayList<>();
            for (String name : hub.names()) {
                if (name.endsWith(".q_proj.weight")) {
                    String layer = name.substring(0, name.length() - "q_proj.weight".length());
                    tensors.add(joined(hub, layer + "att_proj.weight", List.of("q_proj", "k_proj", "v_proj")));
                    tensors.add(joined(hub, layer + "ff_proj.weight", List.of("up_proj", "ff_proj")));
                } else if (Stream.of("k_proj", "v_proj", "ff_proj", "up_proj")
                        .noneMatch(part -> name.endsWith("." + part + ".weight"))) {
                    tensors.add(hub.tensor(name));
                }
            }
            SafetensorsWriter.write(folder.resolve("model.safetensors"), SafetensorsWriter.PYTORCH, tensors);
        }
    }

    private static WeightSource joined(HubFolder hub, String name, List<String> parts) {
        String layer = name.substring(0, name.lastIndexOf('.', name.length() - ".weight".length() - 1) + 1);
        List<WeightSource> sources =
                parts.stream().map(part -> hub.tensor(layer + part + ".weight")).toList();
        WeightSource first = sources.getFirst();
        float[] values = first.floats();
        long rows = first.shape().extent(0);
        for (WeightSource source : sources.subList(1, sources.size())) {
            float[] more = source.floats();
            float[] longer = Arrays.copyOf(values, values.length + more.length);
            System.arraycopy(more, 0, longer, values.length, more.length);
            values = longer;
            rows += source.shape().extent(0);
        }
        return WeightSource.of(name, Shape.of(rows, first.shape().last()), values);
    }
}
