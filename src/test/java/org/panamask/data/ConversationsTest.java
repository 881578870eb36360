package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.data.Conversations.Selection;
import org.panamask.data.Conversations.Use;
import org.panamask.text.Message;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ConversationsTest {
    private static final Selection ALL = new Selection(Long.MAX_VALUE, 42);
    private static final String PAIRS = "[{\"instruction\": \"a\", \"output\": \"1\"},\n"
            + "{\"instruction\": \"b\", \"input\": \"c\", \"output\": \"2\"},\n"
            + "{\"instruction\": \"d\", \"output\": null}, {\"instruction\": \"e\", \"output\": 5}]";

    @TempDir
    Path folder;

    private void info(String entries) throws IOException {
        Files.writeString(folder.resolve("dataset_info.json"), entries);
    }

    private void write(String name, String text) throws IOException {
        Files.createDirectories(folder.resolve(name).getParent());
        Files.writeString(folder.resolve(name), text);
    }

    private Conversations read(Use use, String... names) {
        return Conversations.ofDatasets(folder, List.of(names), use, ALL);
    }

    private List<Example> pairs(String... names) {
        return read(Use.SINGLE_TURN, names).rows().stream()
                .map(Conversation::singleTurn)
                .toList();
    }

    private void refused(String message, String... names) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(Use.SINGLE_TURN, names))
                .withMessage(message.replace("FOLDER", folder.toString()));
    }

    private static List<Message> messages(JsonNode array) {
        List<Message> messages = new ArrayList<>();
        array.forEach(message -> messages.add(new Message(
                Message.Role.valueOf(message.get("role").stringValue().toUpperCase(Locale.ROOT)),
                message.get("content").stringValue())));
        return messages;
    }

    private void convertsAsTheReference(String formatting) throws IOException {
        info("""
                {"a": {"file_name": "x.json", "columns": {"prompt": "instruction", "query": "input",
                "response": "output", "history": "history", "system": "system"}},
                "s": {"file_name": "x.json", "formatting": "sharegpt",
                "columns": {"messages": "conversations", "system": "system"}}}""");
        RowForm form =
                DatasetInfo.read(folder).entry(formatting.substring(0, 1)).form();
        int seen = 0;
        for (JsonNode example : DataFixtures.read("conversion.json").get(formatting)) {
            try {
                assertThat(form.convert((ObjectNode) example.get("row")))
                        .isEqualTo(new Conversation(
                                messages(example.get("prompt")),
                                messages(example.get("response")),
                                example.get("system").stringValue()));
            } catch (RowException refused) {
                throw new AssertionError(example.toString(), refused);
            }
            seen++;
        }
        assertThat(seen).isPositive();
    }

    @Test
    void rowsBecomeMessagesAsInTheReference() throws IOException {
        convertsAsTheReference("alpaca");
        convertsAsTheReference("sharegpt");
    }

    @Test
    void dataSetsAreReadOneBehindTheOther() throws IOException {
        info("""
                {"one": {"file_name": "one.json"},
                "two": {"file_name": "more", "columns": {"prompt": "q", "response": "a"}}}""");
        write("one.json", PAIRS);
        write("more/2.csv", "q,a,input\nthird,z,ignored\n");
        write("more/1.csv", "a,q\nx,first\ny,second\n");

        assertThat(pairs("two", "one"))
                .containsExactly(
                        new Example("first", "x"),
                        new Example("second", "y"),
                        new Example("third", "z"),
                        new Example("a", "1"),
                        new Example("b\nc", "2"));
        assertThat(Conversations.ofDatasets(folder, List.of("two", "one"), Use.SINGLE_TURN, new Selection(2, 0))
                        .rows())
                .hasSize(4);
    }

    @Test
    void rowsThatCannotBeLearntAreCounted() throws IOException {
        info("""
                {"one": {"file_name": "one.json"}, "chat": {"file_name": "chat.jsonl", "formatting": "sharegpt"},
                "none": {"file_name": "none.jsonl", "formatting": "sharegpt"}}""");
        write("one.json", PAIRS);
        String lone = "{\"conversations\": [{\"from\": \"gpt\", \"value\": \"x\"}]}\n";
        write(
                "chat.jsonl",
                lone + "{\"conversations\": [{\"from\": \"system\", \"value\": \"s\"},"
                        + " {\"from\": \"human\", \"value\": \"x\"}, {\"from\": \"gpt\", \"value\": \"y\"}]}\n");
        write("none.jsonl", lone);

        assertThat(read(Use.SINGLE_TURN, "one", "chat").warnings())
                .containsExactly(
                        "dataset 'one': 2 of 4 rows without an answer are left out, the first is "
                                + folder.resolve("one.json") + ":3: row 3",
                        "dataset 'chat': 1 of 2 rows whose messages do not alternate between question and answer are"
                                + " left out, the first is " + folder.resolve("chat.jsonl") + ":1",
                        "dataset 'chat': the system text of 1 rows is left out; set data.template to learn it");
        refused(
                "dataset 'none': must hold rows to learn, but has none; dataset 'none': 1 of 1 rows whose messages do"
                        + " not alternate between question and answer are left out, the first is FOLDER/none.jsonl:1",
                "none");
        assertThat(read(Use.DOCUMENT, "one").rows()).hasSize(4);
    }

    @Test
    void severalTurnsNeedATemplate() throws IOException {
        info(
                "{\"chat\": {\"file_name\": \"chat.json\", \"formatting\": \"sharegpt\", \"tags\": {\"user_tag\": \"me\"}}}");
        write("chat.json", """
                [{"conversations": [{"from": "me", "value": "a"}, {"from": "gpt", "value": "b"},
                {"from": "me", "value": "c"}, {"from": "gpt", "value": "d"}]}]""");

        Conversation read = read(Use.TEMPLATE, "chat").rows().getFirst();
        assertThat(read.prompt()).hasSize(3);
        assertThat(read.answer()).isEqualTo("d");
        refused(
                "FOLDER/chat.json:1: row 1: must have one turn, but has 1 before the last question; set data.template to"
                        + " learn all of them, or split the conversation",
                "chat");
    }

    @Test
    void aTemplateRefusesMessagesOfTools() throws IOException {
        info("{\"chat\": {\"file_name\": \"chat.jsonl\", \"formatting\": \"sharegpt\"}}");
        write(
                "chat.jsonl",
                "{\"conversations\": [{\"from\": \"observation\", \"value\": \"a\"}, {\"from\": \"gpt\", \"value\": \"b\"}]}");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(Use.TEMPLATE, "chat"))
                .withMessage(
                        folder.resolve("chat.jsonl") + ":1: must hold users and assistants only, for which templates"
                                + " have texts, but has a call of a tool; leave the row out");
    }

    @Test
    void drawsSamplesInTheOrderOfTheSeed() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            lines.append("{\"instruction\": \"").append(i).append("\", \"output\": \"x\"}\n");
        }
        write("rows.jsonl", lines.toString());
        info("{\"few\": {\"file_name\": \"rows.jsonl\", \"num_samples\": 10},"
                + " \"many\": {\"file_name\": \"rows.jsonl\", \"num_samples\": 80}}");

        assertThat(pairs("few")).hasSize(10).doesNotHaveDuplicates().isEqualTo(pairs("few"));
        assertThat(pairs("few")).isNotEqualTo(pairs("many").subList(40, 50));
        assertThat(pairs("many")).hasSize(80).isSubsetOf(pairs("many").subList(0, 50));
        assertThat(Conversations.ofDatasets(folder, List.of("many"), Use.SINGLE_TURN, new Selection(7, 42))
                        .rows())
                .hasSize(7);
    }

    @Test
    void wrongEntriesAreNamed() throws IOException {
        info("""
                {"hub": {"hf_hub_url": "a/b"}, "odd": {"file": "x"}, "rank": {"file_name": "x.json", "ranking": true},
                "test": {"file_name": "x.json", "split": "test"}, "form": {"file_name": "x.json", "formatting": "openai"},
                "tool": {"file_name": "x.json", "columns": {"tools": "t"}},
                "chat": {"file_name": "x.json", "formatting": "sharegpt", "columns": {"system": "s"}},
                "tags": {"file_name": "x.json", "formatting": "sharegpt", "tags": {"usr": "s"}},
                "type": {"file_name": "x.xml"}, "parquet": {"file_name": "x.parquet"}, "none": {},
                "samples": {"file_name": "x.json", "num_samples": 0}, "group": {"file_name": "x.json", "columns": 3},
                "name": {"file_name": "x.json", "columns": {"prompt": 3}},
                "column": {"file_name": "y.json", "columns": {"prompt": "q", "response": "answer"}}}""");
        write("y.json", "[{\"q\": \"a\", \"a\": \"b\"}]");
        String set = "FOLDER/dataset_info.json: dataset '";
        refused(set + "hub': 'hf_hub_url' would fetch rows from elsewhere; name a local file with 'file_name'", "hub");
        refused(
                set + "odd': 'file' is not known; known are [file_name, formatting, columns, tags, num_samples, split,"
                        + " subset, folder, ranking]",
                "odd");
        refused(set + "rank': 'ranking' must be false, rankings are not learnt; take another data set", "rank");
        refused(set + "test': 'split' must be train, a file has no other; leave it out", "test");
        refused(set + "form': 'formatting' must be alpaca or sharegpt, but got 'openai'", "form");
        refused(
                set + "tool': columns.tools is not taken; taken are [prompt, query, response, history, system]",
                "tool");
        refused(set + "chat': columns.messages must name the field of the messages, but is left out", "chat");
        refused(
                set + "tags': tags.usr is not taken; taken are [assistant_tag, content_tag, function_tag,"
                        + " observation_tag, role_tag, system_tag, user_tag]",
                "tags");
        refused(
                set + "type': FOLDER/x.xml must be one file, or a folder of files, that all end in .json, .jsonl, .csv"
                        + " or .txt",
                "type");
        refused("FOLDER/x.parquet: parquet files are not read; convert it to JSONL, JSON, CSV or text", "parquet");
        refused(set + "none': 'file_name' must name a file or a folder of files", "none");
        refused(set + "samples': 'num_samples' must be a whole number of at least 1, but is 0", "samples");
        refused(set + "group': 'columns' must be an object of names, but is 3", "group");
        refused(set + "name': columns.prompt must be a name, but is 3", "name");
        refused(
                set + "column': columns.response must name a field of its rows, but none has 'answer'; they have"
                        + " [a, q]",
                "column");
        refused(
                "FOLDER/dataset_info.json: there is no dataset 'x'; it has [hub, odd, rank, test, form, tool, chat,"
                        + " tags, type, parquet, none, samples, group, name, column]",
                "x");
    }

    @Test
    void wrongFieldsAreNamedWithTheirRow() throws IOException {
        info("""
                {"chat": {"file_name": "chat.jsonl", "formatting": "sharegpt"},
                "pairs": {"file_name": "pairs.jsonl", "columns": {"prompt": "q", "response": "a", "history": "h"}}}""");
        write(
                "chat.jsonl",
                "{}\n{\"conversations\": [{\"value\": \"a\"}]}\n{\"conversations\": [{\"from\": 1, \"value\": 2}]}\n");
        refused(
                "FOLDER/chat.jsonl:1: field 'conversations' must be a list of messages; name the fields of the file"
                        + " under 'columns'\n"
                        + "FOLDER/chat.jsonl:2: a message of 'conversations' must have 'from' and 'value', but one is"
                        + " {\"value\":\"a\"}; name its fields under 'tags'\n"
                        + "FOLDER/chat.jsonl:3: field 'from' of a message must be a text, but is 1; write it in quotes",
                "chat");
        write(
                "pairs.jsonl",
                "{\"a\": \"x\"}\n{\"q\": 1}\n{\"q\": \"x\", \"h\": [[\"a\"]]}\n{\"q\": \"x\", \"h\": [[\"a\", 1]]}\n");
        refused(
                "FOLDER/pairs.jsonl:1: field 'q' is missing; name the fields of the file under 'columns'\n"
                        + "FOLDER/pairs.jsonl:2: field 'q' must be a text, but is 1; write it in quotes\n"
                        + "FOLDER/pairs.jsonl:3: field 'h' must be a list of [question, answer], but holds [\"a\"]; write"
                        + " pairs\n"
                        + "FOLDER/pairs.jsonl:4: field 'h' must be a text, but is 1; write it in quotes",
                "pairs");
    }

    @Test
    void aBrokenOrMissingInfoIsNamed() throws IOException {
        refused("FOLDER/dataset_info.json: no such file; name an existing data file", "x");
        info("{\n\"a\" 1}");
        refused(
                "FOLDER/dataset_info.json:2: must be JSON, but Unexpected character ('1' (code 49)): was expecting a"
                        + " colon to separate property name and value; repair it",
                "x");
        info("[]");
        refused("FOLDER/dataset_info.json: must be one JSON object with an entry for each data set", "x");
    }
}
