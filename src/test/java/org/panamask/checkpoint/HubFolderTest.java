package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

class HubFolderTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeSettings() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
    }

    private void shard(String file, String... names) {
        List<WeightSource> tensors = List.of(names).stream()
                .map(name -> WeightSource.of(name, Shape.of(2), new float[2]))
                .toList();
        SafetensorsWriter.write(folder.resolve(file), Map.of(), tensors);
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve("model.safetensors.index.json"), json);
    }

    private void refused(String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> HubFolder.open(folder))
                .withMessage(message);
    }

    @Test
    void shardsHoldTheSameModelAsOneFile() {
        try (HubFolder single = HubFolder.open(Fixtures.ddm("models/llama-tiny"));
                HubFolder sharded = HubFolder.open(Fixtures.ddm("models/llama-tiny-bf16"))) {
            assertThat(sharded.names()).isEqualTo(single.names());
            sharded.requireExactly(single.names(), _ -> false);
            for (String name : single.names()) {
                WeightSource half = sharded.tensor(name, single.tensor(name).shape());
                assertThat(half.dtype()).isEqualTo(DType.BF16);
                assertThat(half.data().isMapped()).isTrue();
                float[] floats = single.tensor(name).floats();
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = Bfloat16.toFloat(Bfloat16.fromFloat(floats[i]));
                }
                assertThat(half.floats()).isEqualTo(floats);
            }
        }
    }

    @Test
    void wrapperCheckpointsReadUnderHuggingFaceNames() {
        WrapperNaming gpt2 = new WrapperNaming("transformer.", "transformer.wte.");
        try (HubFolder plain = HubFolder.open(Fixtures.ddm("models/gpt2-tiny"));
                HubFolder wrapped = HubFolder.open(Fixtures.ddm("models/gpt2-tiny-ddm"))) {
            WeightSet renamed = wrapped.weights().renamed(gpt2::toPlain);
            assertThat(renamed.names()).containsExactlyInAnyOrderElementsOf(plain.names());
            plain.names()
                    .forEach(name -> assertThat(renamed.tensor(name).floats())
                            .isEqualTo(plain.tensor(name).floats()));
            assertThat(plain.names().stream().map(gpt2::toWrapper).toList())
                    .containsExactlyInAnyOrderElementsOf(wrapped.names());
        }
    }

    @Test
    void twoTensorsMayNotGetTheSameName() {
        shard("model.safetensors", "model.embed_tokens.weight", "embed_tokens.weight");
        WrapperNaming llama = new WrapperNaming("model.", "model.embed_tokens.");
        try (HubFolder opened = HubFolder.open(folder)) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.weights().renamed(llama::toPlain))
                    .withMessage(folder + ": a tensor must occur once, but got model.embed_tokens.weight from"
                            + " model.safetensors and model.safetensors; remove one of them");
        }
    }

    @Test
    void listsEveryMissingAndUnknownTensor() {
        shard("model.safetensors", "a", "b", "rotary.inv_freq");
        try (HubFolder opened = HubFolder.open(folder)) {
            opened.requireExactly(Set.of("a", "b"), name -> name.endsWith("inv_freq"));
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.requireExactly(Set.of("b", "d", "c"), _ -> false))
                    .withMessage(folder + ": the weights must hold exactly the model's tensors, but missing are [c, d]"
                            + " and unknown are [a, rotary.inv_freq]; check that config.json belongs to them");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.tensor("c"))
                    .withMessage(folder + ": tensor c is needed, but the weights have none of that name; check that"
                            + " config.json belongs to them");
        }
    }

    @Test
    void namesFileTensorAndBothShapesWhereTheyDiffer() {
        shard("model.safetensors", "model.norm.weight");
        try (HubFolder opened = HubFolder.open(folder)) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.tensor("model.norm.weight", Shape.of(2, 3)))
                    .withMessage("model.safetensors: tensor model.norm.weight is [2], the model needs [2, 3]");
        }
    }

    @Test
    void closingUnmapsEveryShard() {
        HubFolder opened = HubFolder.open(Fixtures.ddm("models/llama-tiny-bf16"));
        WeightSource norm = opened.tensor("model.norm.weight");
        opened.close();
        opened.close();
        assertThatIllegalStateException().isThrownBy(norm::floats);
    }

    @Test
    void refusesAFolderWithoutWeights() throws IOException {
        String looked = folder + ": a model folder holds its weights in model.safetensors or in shards listed by"
                + " model.safetensors.index.json, but there is neither; ";
        refused(looked + "check that the download finished");
        Files.createFile(folder.resolve("pytorch_model.bin"));
        refused(looked + "convert pytorch_model.bin to safetensors, pickled weights are not read");
    }

    @Test
    void refusesAFolderThatIsNoneOrHasNoSettings() throws IOException {
        Files.delete(folder.resolve("config.json"));
        refused(folder + ": a model folder holds config.json, but there is none; give the folder that Hugging Face's"
                + " save_pretrained wrote");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> HubFolder.open(folder.resolve("x")))
                .withMessage(folder.resolve("x")
                        + ": a model folder is needed, but there is no such folder; check the path");
    }

    @Test
    void refusesAShardThatIsMissing() throws IOException {
        shard("one.safetensors", "a");
        index("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"three.safetensors\"}}");
        refused("model.safetensors.index.json: every shard must be in the folder, but missing are"
                + " [three.safetensors, two.safetensors]; check that the download finished");
    }

    @Test
    void refusesShardsThatDoNotHoldWhatTheIndexSays() throws IOException {
        shard("one.safetensors", "a", "extra");
        shard("two.safetensors", "b");
        index("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"two.safetensors\"}}");
        refused("model.safetensors.index.json: index and shards must name the same tensors, but c is not in"
                + " two.safetensors, extra in one.safetensors is not in the index; fetch the folder again");
    }

    @Test
    void refusesShardNamesThatLeaveTheFolder() throws IOException {
        for (String name : List.of(
                "../x.safetensors",
                "/x.safetensors",
                "a/x.safetensors",
                "..",
                "x.bin",
                ".x.safetensors",
                "C:x.safetensors")) {
            index("{\"weight_map\":{\"a\":\"" + name + "\"}}");
            refused("model.safetensors.index.json: weight_map.a must be a plain file name that ends in .safetensors,"
                    + " but got \"" + name + "\"; correct the file or take another model");
        }
    }

    @Test
    void refusesAnIndexWithoutAMap() throws IOException {
        index("{}");
        refused("model.safetensors.index.json: weight_map must be an object from tensor names to shards, but got"
                + " nothing; correct the file or take another model");
    }

    @Test
    void aSingleFileComesBeforeAnIndex() throws IOException {
        shard("model.safetensors", "a");
        index("{\"weight_map\":{\"b\":\"gone.safetensors\"}}");
        try (HubFolder opened = HubFolder.open(folder)) {
            assertThat(new HashSet<>(opened.names())).isEqualTo(Set.of("a"));
        }
    }
}
