package org.panamask.app;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import org.panamask.Answering;
import org.panamask.Generation;
import org.panamask.Panamask;

/// What `panamask chat` prints: answers to the one side, everything about them to the other, so that answers alone can
/// be redirected.
///
/// @param out takes answers
/// @param err takes all else
/// @param isTerminal whether somebody types the questions
/// @param style how unmasking is drawn
record ChatScreen(PrintWriter out, PrintWriter err, boolean isTerminal, UnmaskingView.Style style) {
    private static final String HELP = """
            /system TEXT   what stands above the conversation; without TEXT nothing
            /reset         forget the conversation
            /steps N       denoising steps
            /live          watch the unmasking, or no longer
            /exit          leave; so does the end of the input
            Ctrl-C stops an answer; what was asked is then forgotten.
            """;

    void greet(Panamask model, String settings) {
        note("%s, %,d parameters; %s; %s"
                .formatted(
                        model.loaded().model().facts().type(),
                        model.loaded().count(),
                        settings,
                        model.hasTemplate()
                                ? "the conversation is laid out by a template"
                                : "no chat template: each question is asked on its own"));
        if (isTerminal) {
            note("/help lists the commands.");
        }
    }

    void ask() {
        if (isTerminal) {
            out.print("> ");
            out.flush();
        }
    }

    void help() {
        err.print(HELP);
        err.flush();
    }

    void note(String text) {
        err.println(text);
        err.flush();
    }

    /// Waits for the answer and prints it: as it becomes final, or behind the view of its unmasking.
    void answer(Panamask model, Answering answering, boolean live) throws InterruptedException {
        if (live) {
            new UnmaskingView(model, answering, out, style).show(answering);
        }
        TextPrinter printer = new TextPrinter(out);
        answering.text(0).subscribe(printer);
        printer.ended.await();
        out.println();
        out.flush();
    }

    /// What the answer cost; only tokens of its text count for the speed.
    void cost(Generation answer) {
        double seconds = answer.elapsed().toNanos() / 1e9;
        note(String.format(
                Locale.ROOT,
                "[%d tokens of text, %d filled in by %d forward passes, %.2f s, %.1f tokens of text/s]",
                answer.kept(),
                answer.tokens(),
                answer.forwards(),
                seconds,
                answer.kept() / seconds));
    }

    /// Prints pieces of text as they come.
    private static final class TextPrinter implements Flow.Subscriber<String> {
        private final PrintWriter out;
        private final CountDownLatch ended = new CountDownLatch(1);

        TextPrinter(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(String piece) {
            out.print(ScreenText.harmless(piece));
            out.flush();
        }

        @Override
        public void onError(Throwable thrown) {
            ended.countDown();
        }

        @Override
        public void onComplete() {
            ended.countDown();
        }
    }
}
