package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.panamask.config.Section;
import org.panamask.config.Setting;

class SamplingPageTest {
    @Test
    void everyKeyAndItsOtherNamesStandInThePage() throws IOException {
        String page = Files.readString(Path.of("docs/sampling.md"));
        for (Setting setting : Section.of(BlockSettings.class).settings()) {
            assertThat(page).contains("`" + setting.name() + "`");
            setting.aliases().forEach(alias -> assertThat(page).contains("`" + alias.name() + "`"));
        }
    }
}
