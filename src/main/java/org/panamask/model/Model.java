package org.panamask.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.panamask.checkpoint.AtomicFile;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.PendingTensor;
import org.panamask.checkpoint.SafetensorsWriter;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.diffusion.Denoiser;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.tensor.DType;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Weight;

/// A language model. Its weights belong to the owner it was loaded into and end with it; one model is used by one job
/// at a time, which the backend's single thread sees to.
public sealed interface Model extends Denoiser permits Gpt2, Llama, LlamaFamily {
    /// What most families call their head; see [Architecture#headName].
    String HEAD = "lm_head.weight";

    /// The settings it was made from.
    Architecture config();

    /// What it is.
    default ModelFacts facts() {
        return config().facts();
    }

    /// Its weights without those of adapters. A head tied to the embedding is not listed.
    Parameters parameters();

    /// The linear maps that adapters can be put beside: all but the head.
    List<Linear> linears();

    /// The names of the weights that [#replace] takes: of the linear maps, the embedding and the head.
    List<String> replaceable();

    /// What its parts are called in checkpoints of the DiffuLLaMA wrapper.
    default WrapperNaming naming() {
        return config().naming();
    }

    /// Puts another weight in place of the one called `name`, one of [#replaceable]. A head
    /// tied to the embedding keeps the old embedding.
    ///
    /// @throws ModelException if there is no such weight or it cannot be replaced
    void replace(String name, Weight weight);

    /// What `config.json` says of it; `dtype` names the type of the stored weights.
    String configJson(String dtype);

    @Override
    default int vocabularySize() {
        return facts().vocabularySize();
    }

    @Override
    default int maxPositions() {
        return facts().maxPositions();
    }

    /// Writes `config.json` and `model.safetensors` under Hugging Face names, weights in the type they are kept in
    /// and read from the backend one after another.
    /// An adapter beside the model is not written; see [Adapter#save] and [Adapter#merge].
    ///
    /// @throws CheckpointException if the file system refuses
    default void save(Ops ops, Path folder) {
        List<PendingTensor> tensors = new ArrayList<>();
        parameters().byName().forEach((name, weight) -> tensors.add(StoredValues.pending(ops, config(), name, weight)));
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new CheckpointException(folder + ": the folder must be writable, but got " + e, e);
        }
        SafetensorsWriter.stream(folder.resolve("model.safetensors"), SafetensorsWriter.PYTORCH, tensors);
        DType dtype = tensors.getFirst().dtype();
        byte[] json = configJson(StoredValues.torchName(dtype)).getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(folder.resolve("config.json"), channel -> {
            ByteBuffer bytes = ByteBuffer.wrap(json);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
    }
}
