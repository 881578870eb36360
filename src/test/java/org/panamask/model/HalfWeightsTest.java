package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.WeightSource;
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;

/// Weights stored as F16, on every backend.
class HalfWeightsTest {
    private static final Canvas CANVAS =
            Canvas.of(2, 12, IntStream.range(0, 24).map(n -> n * 7 % 90).toArray());

    @TempDir
    private Path folder;

    private record Result(DType kept, double[] logits) {}

    private static Result run(String name, Precision precision, Path from, Path to) {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", name));
                Owner owner = backend.owner("weights");
                HubFolder hub = HubFolder.open(from)) {
            return backend.run("test", precision, ops -> {
                Model model = Models.load(hub, ops, owner, false);
                model.save(ops, to);
                return new Result(
                        model.head().value().dtype(), ops.doubles(ops.logits(model.hidden(ops, CANVAS), model.head())));
            });
        }
    }

    @Test
    void theyLoadInEveryPrecisionWithTheSameValues() {
        Path stored = folder.resolve("stored");
        Result f16 = run("reference", Precision.F16, Tiny.folder("llama-tiny"), stored);
        assertThat(f16.kept()).isEqualTo(DType.F16);
        try (HubFolder hub = HubFolder.open(stored)) {
            WeightSource head = hub.weights().tensor("lm_head.weight");
            assertThat(head.dtype()).isEqualTo(DType.F16);
            assertThat(HubFolder.config(stored).requireString("torch_dtype")).isEqualTo("float16");
        }

        Result again = run("reference", Precision.F16, stored, folder.resolve("again"));
        Result wide = run("reference", Precision.F32, stored, folder.resolve("wide"));
        Result cpu = run("cpu", Precision.F32, stored, folder.resolve("cpu"));
        double largest = Arrays.stream(wide.logits()).map(Math::abs).max().orElseThrow();

        assertThat(again.logits()).containsExactly(f16.logits());
        assertThat(wide.kept()).isEqualTo(DType.F16);
        assertThat(cpu.kept()).isEqualTo(DType.F32);
        assertThat(cpu.logits()).containsExactly(wide.logits(), within(1e-5 * largest));
        assertThat(f16.logits()).containsExactly(wide.logits(), within(5e-3 * largest));
        assertThat(f16.logits()).isNotEqualTo(wide.logits());
    }
}
