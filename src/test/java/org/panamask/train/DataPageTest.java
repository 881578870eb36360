package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.data.Conversation;
import org.panamask.data.Conversations;
import org.panamask.data.Examples;
import org.panamask.text.ChatTemplate;
import org.panamask.text.Message;

/// What docs/data.md shows works as it stands there.
class DataPageTest {
    @TempDir
    private Path folder;

    private static String page() throws IOException {
        return Files.readString(Path.of("docs/data.md"));
    }

    private static List<String> blocks(String language) throws IOException {
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(page())
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    @Test
    void everyRecipeIsOne() throws IOException {
        assertThat(blocks("yaml")).hasSize(3).allSatisfy(text -> RecipeReader.parse(text, "data.md", folder));
    }

    @Test
    void theRowIsAnExample() throws IOException {
        Path file =
                Files.writeString(folder.resolve("row.jsonl"), blocks("json").getFirst());
        assertThat(Examples.read(file))
                .singleElement()
                .satisfies(row -> assertThat(row.prompt()).isEqualTo("What is a bit bucket?\nDomain: jargon"));
    }

    @Test
    void theDataSetsAreRead() throws IOException {
        Files.writeString(folder.resolve("dataset_info.json"), blocks("json").getLast());
        Files.writeString(folder.resolve("faq.csv"), "question,answer\na,b\n");
        Files.createDirectory(folder.resolve("chat"));
        Files.writeString(folder.resolve("chat/1.jsonl"), """
                {"system": "s", "messages": [{"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}
                """);
        Files.writeString(folder.resolve("held-out.json"), "[{\"instruction\": \"e\", \"output\": \"f\"}]");
        Conversations read = Conversations.ofDatasets(
                folder,
                List.of("faq", "chat", "held-out"),
                Conversations.Use.TEMPLATE,
                new Conversations.Selection(Long.MAX_VALUE, 1));

        assertThat(read.warnings()).isEmpty();
        assertThat(read.rows()).hasSize(202);
        assertThat(read.rows().stream().map(Conversation::answer).distinct()).containsExactly("b", "d", "f");
    }

    @Test
    void everyTemplateIsShown() throws IOException {
        String table = page();
        IntStream.range(0, ChatTemplate.values().length).forEach(i -> {
            String turn = ChatTemplate.values()[i]
                    .prompt(List.of(new Message(Message.Role.USER, "Q1")), "")
                    .shown();
            assertThat(table).contains("`" + turn.replace("\n", "\\n").replace("|", "\\|") + "` |");
        });
    }
}
