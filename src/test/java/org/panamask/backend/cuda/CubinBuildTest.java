package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.tensor.DType;

class CubinBuildTest {
    @BeforeEach
    void requireSources() {
        assumeTrue(Files.isDirectory(Path.of("src", "test", "resources", "kernels")), "the sources are not here");
    }

    @Test
    void everySourceIsCompiledAndNoneTwice() throws IOException {
        List<Family> families = CubinBuild.families();

        assertThat(families).doesNotHaveDuplicates();
        try (Stream<Path> sources = Files.list(Path.of("kernels"))) {
            assertThat(sources.map(source -> source.getFileName().toString()).filter(name -> name.endsWith(".cu")))
                    .allSatisfy(name ->
                            assertThat(families).extracting(Family::name).contains(name.replace(".cu", "")));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void everyTilingOfAttentionIsCompiled(DType dtype) throws IOException {
        List<Family> families = CubinBuild.families();

        for (int width = 1; width <= AttentionTiling.WIDEST; width++) {
            assertThat(families).containsAll(asked(AttentionTiling.of(dtype, width), dtype));
            assertThat(families).containsAll(asked(AttentionTiling.streaming(dtype, width), dtype));
        }
    }

    private static List<Family> asked(AttentionTiling tiling, DType dtype) {
        List<Family> all = new ArrayList<>();
        for (AttentionTiling.Part part : List.of(tiling.forward(), tiling.delta(), tiling.queries(), tiling.keys())) {
            Family family = Family.of(part.family(), dtype);
            for (SortedMap.Entry<String, String> define : tiling.defines().entrySet()) {
                family = family.with(define.getKey(), define.getValue());
            }
            all.add(family);
        }
        return all;
    }
}
