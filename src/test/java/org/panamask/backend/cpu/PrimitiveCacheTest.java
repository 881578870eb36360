package org.panamask.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlType;
import org.panamask.ffi.NativeObjects;

class PrimitiveCacheTest {
    private static Plan softmax(long width) {
        Layout rows = Layout.matrix(DnnlType.F32, 4, width);
        return new Plan.Softmax(rows, rows);
    }

    @Test
    void theOneUnusedForLongestGoesFirst() {
        NativeObjects objects = new NativeObjects();
        try (DnnlEngine engine = DnnlEngine.create(objects);
                Packings packings = new Packings(engine);
                PrimitiveCache cache = new PrimitiveCache(engine, packings, 3)) {
            Prepared often = cache.of(softmax(1));
            Prepared once = cache.of(softmax(2));
            cache.of(softmax(3));
            long full = objects.total();
            for (int width = 4; width <= 30; width++) {
                assertThat(cache.of(softmax(1))).isSameAs(often);
                cache.of(softmax(width));
                assertThat(objects.total())
                        .as("native objects at width %d", width)
                        .isEqualTo(full);
            }
            assertThat(cache.of(softmax(2))).isNotSameAs(once);
        }
        assertThat(objects.byKind()).isEmpty();
    }
}
