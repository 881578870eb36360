package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeedingTest {
    private static final int LENGTH = 20;
    private static final CacheSettings NONE = BlockSettings.defaults().cache();
    private static final Window FIRST = new Window(4, 12);
    private static final Window SECOND = new Window(12, 20);

    private static CacheSettings of(String kind) {
        return BlockSettings.defaults().with("cache", kind).cache();
    }

    /// What is fed in passes over `blocks`, such as `4-12` for columns that stay and `(4-12)` for others.
    private static List<String> fed(Feeding feeding, Window... blocks) {
        List<String> fed = new ArrayList<>();
        for (Window block : blocks) {
            Feed feed = feeding.feed(block, false);
            assertThat(feed.columns().equals(new Window(0, LENGTH))).isEqualTo(feeding.isWhole(block));
            String text = feed.columns().from() + "-" + feed.columns().to();
            fed.add(feed.kept() ? text : "(" + text + ")");
            feeding.passed(block, false);
        }
        return fed;
    }

    @Test
    void everyBlockOpensWithAPassOverEverything() {
        assertThat(fed(new Feeding(of("prefix"), LENGTH, false, false), FIRST, FIRST, FIRST, SECOND, SECOND))
                .containsExactly("0-20", "4-20", "4-20", "0-20", "12-20");
        assertThat(fed(new Feeding(of("dual"), LENGTH, false, false), FIRST, FIRST, FIRST, SECOND, SECOND))
                .containsExactly("0-20", "4-12", "4-12", "0-20", "12-20");
    }

    @Test
    void theColumnBeforeTheBlockIsFedWhereAskedFor() {
        assertThat(fed(new Feeding(of("dual"), LENGTH, false, true), FIRST, FIRST, SECOND, SECOND))
                .containsExactly("0-20", "3-12", "0-20", "11-20");
    }

    @Test
    void aRefreshComesAfterSoManyPassesOfABlock() {
        CacheSettings settings = new CacheSettings(
                CacheSettings.Kind.DUAL, 2, NONE.prefixLook(), NONE.afterLook(), NONE.warmupSteps(), false);
        assertThat(fed(new Feeding(settings, LENGTH, false, false), FIRST, FIRST, FIRST, SECOND, SECOND, SECOND))
                .containsExactly("0-20", "4-12", "0-20", "0-20", "12-20", "0-20");
    }

    @Test
    void dInferRefreshesByIterationsOfTheText() {
        CacheSettings settings = new CacheSettings(
                CacheSettings.Kind.DUAL, 3, NONE.prefixLook(), NONE.afterLook(), NONE.warmupSteps(), false);
        Window[] blocks = {FIRST, FIRST, FIRST, FIRST, FIRST, SECOND, SECOND, SECOND};
        assertThat(fed(new Feeding(settings, LENGTH, true, false), blocks))
                .containsExactly("0-20", "4-12", "4-12", "4-12", "0-20", "0-20", "12-20", "12-20");
    }

    @Test
    void theVicinityIsFedForOnePassOnlyAndAfterWarmUp() {
        CacheSettings settings = BlockSettings.defaults()
                .with("cache", "vicinity")
                .with("prefix_look", 3)
                .with("after_look", 2)
                .with("warmup_steps", 1)
                .cache();
        assertThat(fed(new Feeding(settings, LENGTH, false, false), FIRST, FIRST, FIRST, FIRST, SECOND, SECOND))
                .containsExactly("0-20", "0-20", "(1-14)", "(1-14)", "0-20", "(9-20)");
    }
}
