package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.Ledger;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.text.Message;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class AnsweringTest {
    private static final DdmSettings SAMPLING =
            DdmSettings.defaults().with("steps", 6).with("length", 30);

    @TempDir
    private Path folder;

    private Panamask model;

    @BeforeEach
    void open() throws IOException {
        model = Panamask.open(ToyModel.write(folder.resolve("model")));
    }

    @AfterEach
    void close() {
        model.close();
    }

    private static List<Prompt> prompts(String... questions) {
        return List.of(questions).stream().map(Prompt::of).toList();
    }

    private StoppedException stopped(Answering answering) {
        CompletionException ended = catchThrowableOfType(
                CompletionException.class, () -> answering.answers().join());
        assertThat(ended.getCause()).isInstanceOf(StoppedException.class);
        return (StoppedException) ended.getCause();
    }

    @Test
    void anAnswerThatIsWaitedForEqualsOneThatIsNot() {
        List<Generation> expected = model.generate(List.of("spell a", "b"), SAMPLING, SamplerListener.NONE);

        List<Generation> answers =
                model.start(prompts("spell a", "b"), SAMPLING).answers().join();

        assertThat(answers)
                .extracting(Generation::text)
                .containsExactlyElementsOf(
                        expected.stream().map(Generation::text).toList());
        assertThat(answers).extracting(Generation::forwards).containsExactly(6, 6);
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.kept()).isBetween(answer.text().length(), answer.tokens());
            assertThat(answer.tokens()).isPositive();
        });
    }

    @Test
    void eventsLeadFromTheMaskedCanvasToTheAnswer() throws Exception {
        List<int[]> canvases = new ArrayList<>();
        model.generate(
                List.of("spell a", "b"),
                SAMPLING,
                step -> canvases.add(step.ids().get(1).clone()));
        Answering answering = model.start(prompts("spell a", "b"), SAMPLING);

        List<TokenEvent> events = Taken.all(answering.events()).items();

        int[] canvas = canvases.getFirst().clone();
        int mask = model.loaded().special().mask();
        for (TokenEvent event : events) {
            if (event.row() == 1) {
                assertThat(canvas[event.position()]).isEqualTo(event.before()).isEqualTo(mask);
                assertThat(event.confidence()).isBetween(0.0, 1.0);
                assertThat(event.step()).isBetween(1, 6);
                canvas[event.position()] = event.after();
            }
        }
        assertThat(canvas).isEqualTo(canvases.getLast());
        assertThat(answering.start(1)).isEqualTo(3);
        assertThat(events).extracting(TokenEvent::step).isSorted();
    }

    @Test
    void theTextGrowsByWhatCanNoLongerChange() throws Exception {
        Answering answering = model.start(prompts("spell a"), SAMPLING);
        Taken<String> early = Taken.of(answering.text(0), Long.MAX_VALUE);
        String text = answering.answers().join().getFirst().text();

        assertThat(String.join("", early.end().items())).isEqualTo(text);
        assertThat(String.join("", Taken.all(answering.text(0)).items())).isEqualTo(text);
    }

    @Test
    void whereOpenColumnsMayChangeTheTextComesAtTheEnd() throws Exception {
        Answering answering = model.start(prompts("spell a"), SAMPLING.with("remask", true));
        String text = answering.answers().join().getFirst().text();

        assertThat(Taken.all(answering.text(0)).items()).isEqualTo(text.isEmpty() ? List.of() : List.of(text));
    }

    @Test
    void aSlowSubscriberHoldsNobodyUpAndMissesNothing() throws Exception {
        Answering answering = model.start(prompts("spell a"), SAMPLING);
        Taken<TokenEvent> slow = Taken.of(answering.events(), 0);
        answering.answers().join();
        assertThat(slow.items()).isEmpty();

        int all = Taken.all(answering.events()).items().size();
        for (int i = 1; i <= all; i++) {
            slow.request(1);
            slow.await(i);
            assertThat(slow.items()).hasSize(i);
        }
        assertThat(slow.end().failure()).isNull();
    }

    @Test
    void aSubscriberThatAsksForNothingIsRefused() throws Exception {
        Answering answering = model.start(prompts("spell a"), SAMPLING);
        Taken<TokenEvent> wrong = Taken.of(answering.events(), 0);
        wrong.request(0);

        assertThat(wrong.end().failure()).hasMessage("events: at least 1 must be requested, not 0; request more");
    }

    @Test
    void aSubscriberThatFailsOrLeavesDoesNotDisturbOthers() throws Exception {
        Answering answering = model.start(prompts("spell a"), SAMPLING);
        Taken<TokenEvent> leaving = Taken.of(answering.events(), 1);
        leaving.await(1);
        leaving.cancel();
        leaving.request(100);

        assertThat(Taken.all(answering.events()).items()).hasSizeGreaterThan(1);
        answering.answers().join();
        assertThat(leaving.items()).hasSize(1);
    }

    @Test
    void aCancelledAnswerEndsBetweenPasses() throws Exception {
        Answering answering = model.start(
                prompts("spell a"), SAMPLING.with("steps", 1_000_000).with("order", "random"));
        Taken<TokenEvent> events = Taken.of(answering.events(), Long.MAX_VALUE);
        answering.cancel();

        StoppedException ended = stopped(answering);
        assertThat(ended.reason()).isEqualTo(StoppedException.Reason.CANCELLED);
        assertThat(ended).hasMessageMatching("generate: it was cancelled after \\d+ passes; ask again");
        assertThat(events.end().failure()).isEqualTo(ended);
        assertThat(Taken.all(answering.text(0)).failure()).isEqualTo(ended);
        assertThat(model.generate(List.of("b"), SAMPLING, SamplerListener.NONE)).hasSize(1);
    }

    @Test
    void cancellingTheFutureCancelsTheAnswer() throws Exception {
        Answering answering = model.start(
                prompts("spell a"), SAMPLING.with("steps", 1_000_000).with("order", "random"));
        answering.answers().cancel(true);

        assertThat(Taken.all(answering.events()).failure())
                .isInstanceOfSatisfying(
                        StoppedException.class,
                        ended -> assertThat(ended.reason()).isEqualTo(StoppedException.Reason.CANCELLED));
    }

    @Test
    void anAnswerEndsAtItsDeadline() {
        Answering answering = model.start(prompts("spell a"), SAMPLING, Duration.ZERO);

        StoppedException ended = stopped(answering);
        assertThat(ended.reason()).isEqualTo(StoppedException.Reason.DEADLINE);
        assertThat(ended)
                .hasMessage("generate: it must end within 0 ms, but ran 0 passes and was not done; allow more time or"
                        + " fewer steps");
        assertThat(model.start(prompts("b"), SAMPLING, Duration.ofMinutes(1))
                        .answers()
                        .join())
                .hasSize(1);
    }

    @Test
    void manyVirtualThreadsGetTheSameAnswerAndClosingGivesAllBack() throws Exception {
        Ledger ledger = model.loaded().backend().ledger();
        String expected = model.generate(List.of("spell a"), SAMPLING, SamplerListener.NONE)
                .getFirst()
                .text();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                boolean waits = i % 2 == 0;
                answers.add(threads.submit(() -> waits
                        ? model.generate(List.of("spell a"), SAMPLING, SamplerListener.NONE)
                                .getFirst()
                                .text()
                        : String.join(
                                "",
                                Taken.all(model.start(prompts("spell a"), SAMPLING)
                                                .text(0))
                                        .items())));
            }
            for (Future<String> answer : answers) {
                assertThat(answer.get()).isEqualTo(expected);
            }
        }
        model.close();
        assertThat(ledger.total()).isZero();
        assertThat(ledger.owners()).isEmpty();
    }

    @Test
    void closingEndsRunningAndWaitingCallsAndGivesAllBack() throws Exception {
        Ledger ledger = model.loaded().backend().ledger();
        DdmSettings endless = SAMPLING.with("steps", 1_000_000).with("order", "random");
        List<Answering> running = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            running.add(model.start(prompts("spell a"), endless));
        }
        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger closed = new AtomicInteger();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                model.generate(List.of("b"), endless, _ -> begun.countDown());
            } catch (StoppedException ended) {
                closed.addAndGet(ended.reason() == StoppedException.Reason.CLOSED ? 1 : 0);
            }
        });
        begun.await();

        model.close();

        assertThat(ledger.total()).isZero();
        waiting.join();
        assertThat(closed).hasValue(1);
        String message = folder.resolve("model") + ": the model is closed; open it again to generate";
        for (Answering answering : running) {
            StoppedException ended = stopped(answering);
            assertThat(ended.reason()).isEqualTo(StoppedException.Reason.CLOSED);
            assertThat(ended).hasMessage(message);
        }
        assertThatExceptionOfType(StoppedException.class)
                .isThrownBy(() -> model.start(prompts("b"), SAMPLING))
                .withMessage(message);
    }

    @Test
    void whoWaitsForTheAnswersMayCloseTheModel() {
        Answering answering = model.start(prompts("b"), SAMPLING, Duration.ofSeconds(Long.MAX_VALUE));

        answering.answers().thenRun(model::close).join();

        assertThatExceptionOfType(StoppedException.class).isThrownBy(() -> model.generate("b"));
    }

    @Test
    void aListenerCannotCloseTheModelUnderItself() {
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> model.generate(List.of("b"), SAMPLING, _ -> model.close()))
                .withMessage(folder.resolve("model") + ": the model must not be closed by a listener of its own call;"
                        + " close it when the call has returned");
        assertThat(model.generate(List.of("b"), SAMPLING, SamplerListener.NONE)).hasSize(1);
    }

    @Test
    void whatCannotBeAskedIsRefusedAtOnce() {
        assertThatExceptionOfType(GenerationException.class)
                .isThrownBy(() -> model.start(List.of(), SAMPLING))
                .withMessage("generate: at least 1 prompt must be given, but got none; give one");
        assertThatExceptionOfType(GenerationException.class)
                .isThrownBy(() -> new Prompt(List.of(new Message(Message.Role.ASSISTANT, "a")), ""))
                .withMessage("prompt: the last message must be a question, but it is an answer; add one");
        Prompt above = new Prompt(List.of(new Message(Message.Role.USER, "a")), "be brief");
        assertThat(model.hasTemplate()).isFalse();
        assertThatExceptionOfType(GenerationException.class)
                .isThrownBy(() -> model.start(List.of(above), SAMPLING))
                .withMessage("prompt: a conversation or a system text needs a template, but the model has none; name"
                        + " one or ask a single question");
    }
}
