package org.panamask.app;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import org.panamask.Answering;
import org.panamask.Panamask;
import org.panamask.TokenEvent;

/// Shows an answer while it is unmasked, step by step: in place on a terminal, the newest tokens highlighted, and as a
/// line for each step elsewhere.
final class UnmaskingView implements Flow.Subscriber<TokenEvent> {
    private static final String NEW = "\u001b[1;32m";
    private static final String MASKED = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";

    private final Panamask model;
    private final PrintWriter out;
    private final Style style;
    private final int[] canvas;
    private final boolean[] fresh;
    private final int start;
    private final CountDownLatch ended = new CountDownLatch(1);
    private int step;
    private int drawn;

    /// How the view is drawn.
    ///
    /// @param inPlace whether the picture of each step takes the place of the one before
    /// @param colours whether new tokens are coloured
    /// @param size of the terminal
    record Style(boolean inPlace, boolean colours, TerminalSize size) {}

    UnmaskingView(Panamask model, Answering answering, PrintWriter out, Style style) {
        this.model = model;
        this.out = out;
        this.style = style;
        this.start = answering.start(0);
        this.canvas = answering.canvas(0);
        this.fresh = new boolean[canvas.length];
    }

    /// Shows all steps, and takes the last picture away again where they were drawn in place.
    void show(Answering answering) throws InterruptedException {
        draw();
        answering.events().subscribe(this);
        ended.await();
        if (style.inPlace()) {
            out.print(back());
            out.flush();
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenEvent event) {
        if (event.step() != step) {
            if (step > 0) {
                draw();
            }
            Arrays.fill(fresh, false);
            step = event.step();
        }
        canvas[event.position()] = event.after();
        fresh[event.position()] = true;
    }

    @Override
    public void onError(Throwable thrown) {
        draw();
        ended.countDown();
    }

    @Override
    public void onComplete() {
        draw();
        ended.countDown();
    }

    private void draw() {
        if (style.inPlace()) {
            List<String> lines = ScreenText.lines(text(), style.size().columns());
            int most = Math.max(1, style.size().rows() - 2);
            List<String> shown = lines.subList(Math.max(0, lines.size() - most), lines.size());
            out.print(back() + String.join("\n", shown));
            drawn = shown.size();
        } else {
            int mask = model.loaded().special().mask();
            long left = Arrays.stream(canvas).filter(id -> id == mask).count();
            out.printf(Locale.ROOT, "%4d %4d masked | %s%n", step, left, text().replace("\n", "\\n"));
        }
        out.flush();
    }

    /// To the beginning of what was drawn, everything behind it cleared.
    private String back() {
        return drawn == 0 ? "" : (drawn == 1 ? "" : "\u001b[" + (drawn - 1) + "A") + "\r\u001b[J" + PLAIN;
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        int from = start;
        while (from < canvas.length) {
            int to = from + 1;
            while (to < canvas.length && kind(to) == kind(from)) {
                to++;
            }
            text.append(coloured(from, ScreenText.harmless(model.shown(Arrays.copyOfRange(canvas, from, to), 0))));
            from = to;
        }
        return text.toString();
    }

    private int kind(int column) {
        return canvas[column] == model.loaded().special().mask() ? 0 : fresh[column] ? 1 : 2;
    }

    private String coloured(int column, String part) {
        if (!style.colours() || kind(column) == 2) {
            return part;
        }
        return (kind(column) == 0 ? MASKED : NEW) + part + PLAIN;
    }
}
