package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.panamask.train.RecipeReference.Row;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RecipeReferenceTest {
    @Test
    void everyKeyHasItsTypeDefaultAndMeaning() {
        assertThat(RecipeReference.rows("train.learning_rate"))
                .containsExactly(new Row("train.learning_rate", "a number", "5e-5", "highest learning rate, above 0"));
        assertThat(RecipeReference.rows("model.path"))
                .extracting(Row::defaultText)
                .containsExactly("required");
        assertThat(RecipeReference.rows("lora.alpha"))
                .extracting(Row::defaultText)
                .containsExactly("not set");
        assertThat(RecipeReference.rows("train")).hasSize(25);
        assertThat(RecipeReference.rows())
                .allMatch(row -> !row.doc().isBlank() && !row.doc().endsWith("."));
    }

    @Test
    void aKeyOfSeveralModesIsListedOnceUnlessItDiffers() {
        assertThat(RecipeReference.rows("objective.epsilon"))
                .singleElement()
                .extracting(Row::doc)
                .asString()
                .endsWith("(mode ddm-sft, ddm, llada)");
        assertThat(RecipeReference.rows("objective.anneal_steps"))
                .extracting(Row::defaultText)
                .containsExactly("1", "10000");
    }

    @Test
    void aMisspeltKeyFindsItsNeighbour() {
        assertThat(RecipeReference.nearest("learning_rate")).contains("train.learning_rate");
        assertThat(RecipeReference.nearest("train.lerning_rate")).contains("train.learning_rate");
        assertThat(RecipeReference.nearest("learning_rat")).contains("train.learning_rate");
        assertThat(RecipeReference.nearest("trian")).contains("train");
        assertThat(RecipeReference.nearest("xyzzy")).isEmpty();
    }

    @Test
    void theMarkdownPageHasALineForEachKey() {
        assertThat(RecipeReference.markdown())
                .contains("| `train.micro_batch` | a whole number | `8` | rows computed at once, at least 1; lower it"
                        + " when memory runs out |\n")
                .hasLineCount(6 + RecipeReference.rows().size());
    }

    @Test
    void thePageInDocsIsCurrent() throws IOException {
        assertThat(Path.of("docs/recipe.md"))
                .as("./panamask recipe --markdown > docs/recipe.md")
                .hasContent(RecipeReference.markdown());
    }

    @Test
    void theSchemaIsJsonThatNamesTypesDefaultsAndRequiredKeys() {
        JsonNode schema = new JsonMapper().readTree(RecipeReference.jsonSchema());
        assertThat(schema.at("/required").toString()).isEqualTo("[\"model\",\"output\"]");
        assertThat(schema.at("/properties/train/properties/micro_batch/default").asInt())
                .isEqualTo(8);
        assertThat(schema.at("/properties/train/properties/scheduler/enum/0").asString())
                .isEqualTo("cosine");
        assertThat(schema.at("/properties/objective/anyOf/2/properties/mode/const")
                        .asString())
                .isEqualTo("ddm");
        assertThat(schema.at("/properties/lora/properties/targets/default/0").asString())
                .isEqualTo("all");
    }
}
