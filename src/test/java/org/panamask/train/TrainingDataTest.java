package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import org.panamask.data.DataException;
import org.panamask.data.DataSettings;
import org.panamask.data.Pack;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.data.ValSplit;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.AttentionMask;
import org.panamask.text.Tokenizer;

class TrainingDataTest {
    private static final RowIds SPECIAL = new RowIds(0, 1, 2, 3, 4);

    @TempDir
    private Path folder;

    private Tokenizer tokenizer;

    @BeforeEach
    void openTheTokenizer() throws IOException {
        tokenizer = Tokenizer.open(ToyModel.writeSettings(folder, ToyModel.SPECIAL));
    }

    @AfterEach
    void closeTheTokenizer() {
        tokenizer.close();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private Recipe recipe(DataSettings data) {
        return Recipe.of(folder, folder.resolve("rows.jsonl"), folder.resolve("out"))
                .with("data", data);
    }

    private DataSettings rows(int count) throws IOException {
        return DataSettings.of(ToyModel.writeRows(folder.resolve("rows.jsonl"), count))
                .with("max_tokens", 20);
    }

    private TrainingData read(Recipe recipe) {
        return TrainingData.read(recipe, tokenizer, SPECIAL, (_, _) -> {});
    }

    private TrainingData read(DataSettings data) {
        return read(recipe(data));
    }

    private void refused(Recipe recipe, String message) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(recipe))
                .withMessage(message);
    }

    private static List<Long> indices(TrainingData data) {
        return data.training().stream()
                .flatMap(pack -> pack.rows().stream())
                .map(Row::index)
                .toList();
    }

    private String text(Row row) {
        return tokenizer.decode(row.ids(), false);
    }

    @Test
    void twelveThousandPairsAreTheSameForOneAndEightWorkers() throws IOException {
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 12_000; i++) {
            String context = random.ints(40 + random.nextInt(120), 'a', 'z' + 1)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            lines.append("{\"instruction\": \"what is it\", \"input\": \"")
                    .append(context)
                    .append("\", \"output\": \"")
                    .append(context, 0, 1 + random.nextInt(30))
                    .append("\"}\n");
        }
        DataSettings data = DataSettings.of(write("pairs.jsonl", lines.toString()))
                .with("max_tokens", 128)
                .with("val_size", 0.05);
        List<Long> heard = new ArrayList<>();
        TrainingData one = read(data.with("workers", 1));
        TrainingData eight = TrainingData.read(recipe(data.with("workers", 8)), tokenizer, SPECIAL, (done, total) -> {
            assertThat(total).isEqualTo(12_000);
            heard.add(done);
        });

        assertThat(heard).isSorted().endsWith(12_000L).hasSize(47);
        assertThat(one.training()).hasSize(11_400);
        assertThat(one.validation()).hasSize(600);
        assertThat(eight.warnings()).isEqualTo(one.warnings()).hasSize(1);
        assertThat(one.warnings().getFirst())
                .matches("\\d+ of 12000 prompts do not fit and lose their beginning; raise data.max_tokens to keep them"
                        + " whole");
        for (int i = 0; i < one.training().size(); i++) {
            assertThat(eight.training().get(i).rows().getFirst().ids())
                    .isEqualTo(one.training().get(i).rows().getFirst().ids());
        }
        assertThat(indices(eight)).isEqualTo(indices(one));
    }

    @Test
    void theTailOrRandomRowsAreKeptForValidation() throws IOException {
        DataSettings data = rows(40).with("val_size", 10);
        assertThat(read(data).validation().stream().map(Row::index))
                .startsWith(30L, 31L)
                .endsWith(39L);

        TrainingData shuffled = read(data.with("val_split", ValSplit.SHUFFLE));
        assertThat(shuffled.validation()).hasSize(10);
        assertThat(shuffled.validation().stream().map(Row::index)).anyMatch(index -> index < 30);
        assertThat(indices(shuffled)).hasSize(30).doesNotHaveDuplicates();
        assertThat(indices(read(data.with("val_split", ValSplit.SHUFFLE)))).isEqualTo(indices(shuffled));
    }

    @Test
    void dataSetsGiveTrainingAndValidationRows() throws IOException {
        write("dataset_info.json", """
                {"one": {"file_name": "one.json"}, "two": {"file_name": "two.csv"}}""");
        write("one.json", """
                [{"instruction": "a", "output": "b"}, {"instruction": "c", "output": null}]""");
        write("two.csv", "instruction,output\nd,e\nf,g\n");
        TrainingData data = read(DataSettings.of(folder, List.of("two"))
                .with("eval_dataset", List.of("one"))
                .with("max_tokens", 20));

        assertThat(data.training().stream()
                        .map(pack -> text(pack.rows().getFirst()).replace("<|pad|>", "")))
                .containsExactly("<|bos|>d<|sep|>e<|eos|>", "<|bos|>f<|sep|>g<|eos|>");
        assertThat(data.validation()).hasSize(1);
        assertThat(data.warnings())
                .containsExactly("dataset 'one': 1 of 2 rows without an answer are left out, the first is "
                        + folder.resolve("one.json") + ":1: row 2");
        assertThat(read(DataSettings.of(folder, List.of("two", "one"))
                                .with("max_samples", 1)
                                .with("max_tokens", 20))
                        .training())
                .hasSize(2);
        assertThat(read(DataSettings.of(folder, List.of("one"))
                                .with("eval_dataset", List.of("two"))
                                .with("max_samples", 1)
                                .with("max_tokens", 20))
                        .validation())
                .hasSize(1);
    }

    @Test
    void severalTurnsAreLaidOutByTheTemplate() throws IOException {
        Path rows = write("rows.jsonl", """
                {"instruction": "c", "output": "d", "history": [["a", "b"]], "system": "s"}
                """);
        DataSettings data = DataSettings.of(rows).with("max_tokens", 20).with("pad_as_target", false);

        Row empty = read(data.with("template", "empty"))
                .training()
                .getFirst()
                .rows()
                .getFirst();
        assertThat(text(empty)).isEqualTo("<|bos|>sabc<|sep|>d<|eos|>");
        Row vicuna = read(data.with("template", "vicuna"))
                .training()
                .getFirst()
                .rows()
                .getFirst();
        assertThat(text(vicuna)).contains("b<|eos|>").endsWith("<|sep|>d<|eos|>");
        refused(
                recipe(data),
                rows + ":1: must have one turn, but has 1 before the last question; set data.template to learn all of"
                        + " them, or split the conversation");
    }

    @Test
    void packedRowsAreSegmentsThatSeeThemselvesOnly() throws IOException {
        DataSettings data = rows(40).with("pad_as_target", false).with("max_tokens", 40);
        TrainingData packed = read(data.with("packing", true));

        assertThat(packed.training()).hasSize(14).allMatch(pack -> pack.length() <= 40);
        assertThat(indices(packed)).hasSize(40).doesNotHaveDuplicates();
        TokenRows batch = packed.batch(3, 1);
        Pack first = packed.training().get(3);
        assertThat(batch.visible()).isInstanceOf(AttentionMask.Segments.class);
        assertThat(batch.samples()).hasSize(6);
        assertThat(batch.samples()[0]).isEqualTo(first.rows().getFirst().index());
        assertThat(read(data).batch(3, 1).samples()).containsExactly(3, 1);
    }

    @Test
    void answersOfLladaDreamAndDllmEndInWhatTheBatchFills() throws IOException {
        write("answers.jsonl", """
                {"instruction": "a", "input": "", "output": "a b"}
                {"instruction": "a b c d", "input": "", "output": "a b c d e f"}
                """);
        DataSettings data = DataSettings.of(folder.resolve("answers.jsonl")).with("max_tokens", 40);
        for (Objective objective :
                List.of(LladaObjective.defaults(), DreamObjective.defaults(), MdlmObjective.defaults())) {
            TrainingData read = read(recipe(data).with("objective", objective));
            Row first = read.training().getFirst().rows().getFirst();
            TokenRows batch = read.batch(0, 1);

            assertThat(read.special().pad()).isEqualTo(read.special().eos());
            assertThat(first.ids()[0]).isEqualTo(read.special().bos());
            assertThat(first.ids())
                    .endsWith(read.special().eos())
                    .doesNotContain(read.special().sep());
            assertThat(batch.filling()).hasValue(read.special().eos());
            assertThat(batch.visible()).isEqualTo(new AttentionMask.Full());
            int[] ids = batch.ids();
            int filled = 0;
            for (int n = 0; n < ids.length; n++) {
                int column = n % batch.tokens();
                Row row = read.training().get(n / batch.tokens()).rows().getFirst();
                assertThat(batch.maskable()[n]).isEqualTo(column >= row.sourceLength());
                filled += column >= row.length() && ids[n] == read.special().eos() ? 1 : 0;
            }
            assertThat(filled).isPositive();
        }
        TokenRows closed = read(recipe(data.with("pad_as_target", false)).with("objective", LladaObjective.defaults()))
                .batch(0, 1);
        assertThat(closed.filling()).isEmpty();
        assertThat(closed.visible()).isInstanceOf(AttentionMask.Lengths.class);
    }

    @Test
    void shiftedDocumentsOfDllmLeaveRoomForABeginToken() throws IOException {
        write("text.txt", "a text to learn that is long enough");
        Recipe documents = recipe(DataSettings.of(folder.resolve("text.txt")).with("max_tokens", 8));
        MdlmObjective mdlm = MdlmObjective.defaults().with("documents", true);
        assertThat(read(documents.with("objective", mdlm)).columns()).isEqualTo(8);
        assertThat(read(documents.with("objective", mdlm.with("right_shift_logits", true)))
                        .columns())
                .isEqualTo(7);
    }

    @Test
    void documentsTakeNeitherTemplatesNorPacking() throws IOException {
        write("text.txt", "a text to learn that is long enough");
        DataSettings data = DataSettings.of(folder.resolve("text.txt")).with("max_tokens", 8);
        Recipe documents = recipe(data).with("objective", Objective.Ddm.defaults());
        assertThat(read(documents).training()).hasSize(4);
        refused(
                documents.with("data", data.with("template", "qwen")),
                "data.template: must be left out for documents, which are learnt as they are; leave it out");
        DataSettings packed = data.with("pad_as_target", false).with("packing", true);
        refused(
                documents.with("data", packed),
                "data.packing: must be false unless objective.mode is ddm-sft, which keeps packed rows apart; leave it"
                        + " out, documents are joined by objective.packing");
        refused(
                documents.with("data", packed).with("objective", Objective.Autoregressive.defaults()),
                "data.packing: must be false unless objective.mode is ddm-sft, which keeps packed rows apart; leave it"
                        + " out");
    }

    @Test
    void dataSetsGiveDocumentsLineByLine() throws IOException {
        write("dataset_info.json", "{\"text\": {\"file_name\": \"text.txt\", \"columns\": {\"prompt\": \"text\"}}}");
        write("text.txt", "one line\n\nanother line\n");
        Recipe documents = recipe(DataSettings.of(folder, List.of("text")).with("max_tokens", 20))
                .with("objective", Objective.Ddm.defaults());
        assertThat(text(read(documents).training().getFirst().rows().getFirst()))
                .isEqualTo("one line<|eos|>another lin");
    }
}
