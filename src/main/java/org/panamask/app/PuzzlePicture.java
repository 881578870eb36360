package org.panamask.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.panamask.Panamask;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerStep;

/// Draws how a 4x4 puzzle is unmasked: a board for every step, clues grey, what the step wrote in colour.
final class PuzzlePicture implements SamplerListener {
    private static final int SIDE = 4;
    private static final int CELL = 26;
    private static final int BOARD = SIDE * CELL;
    private static final int GAP = 34;
    private static final int ACROSS = 6;
    private static final char MASKED = '_';

    private final Panamask model;
    private final String clues;
    private final List<Board> boards = new ArrayList<>();

    /// A board after a step: 16 cells, [#MASKED] where nothing is written yet.
    private record Board(String caption, String cells) {}

    /// @param model knows the tokens' texts
    /// @param clues 16 cells, `0` where there is none
    PuzzlePicture(Panamask model, String clues) {
        this.model = model;
        this.clues = clues;
    }

    @Override
    public void changed(SamplerStep step) {
        // The canvas: begin, which is not shown, clues, separator, which shows nothing, cells, end.
        String shown = model.shown(step.ids().getFirst());
        String cells = shown.substring(clues.length(), clues.length() + SIDE * SIDE);
        boards.add(new Board("step %d of %d".formatted(step.step(), step.steps()), cells));
    }

    /// Writes the picture as SVG.
    void write(Path file) {
        try {
            Files.writeString(file, draw());
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": the picture could not be written", failure);
        }
    }

    private String draw() {
        int lines = (boards.size() + ACROSS - 1) / ACROSS;
        int width = ACROSS * (BOARD + GAP) + GAP;
        int height = lines * (BOARD + GAP + 14) + GAP;
        StringBuilder out = new StringBuilder();
        out.append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d" \
                font-family="system-ui, sans-serif" font-size="15" text-anchor="middle">
                <rect width="100%%" height="100%%" fill="#ffffff"/>
                """.formatted(width, height));
        String before = String.valueOf(MASKED).repeat(SIDE * SIDE);
        for (int n = 0; n < boards.size(); n++) {
            board(out, GAP + n % ACROSS * (BOARD + GAP), GAP + n / ACROSS * (BOARD + GAP + 14), boards.get(n), before);
            before = boards.get(n).cells();
        }
        return out.append("</svg>\n").toString();
    }

    private void board(StringBuilder out, int left, int top, Board board, String before) {
        out.append("<text x=\"%d\" y=\"%d\" font-size=\"12\" fill=\"#6b7280\">%s</text>%n"
                .formatted(left + BOARD / 2, top - 8, board.caption()));
        for (int cell = 0; cell < SIDE * SIDE; cell++) {
            int x = left + cell % SIDE * CELL;
            int y = top + cell / SIDE * CELL;
            char value = board.cells().charAt(cell);
            out.append("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"#d1d5db\"/>%n"
                    .formatted(x, y, CELL, CELL, fill(cell, value, before.charAt(cell))));
            if (value != MASKED) {
                out.append("<text x=\"%d\" y=\"%d\" fill=\"#111827\">%s</text>%n"
                        .formatted(x + CELL / 2, y + CELL - 8, Character.isDigit(value) ? value : '?'));
            }
        }
        int half = BOARD / 2;
        out.append(
                "<path d=\"M%1$d %2$dh%3$dv%3$dh-%3$dzm%4$d 0v%3$dm-%4$d -%4$dh%3$d\" fill=\"none\" stroke=\"#111827\"/>%n"
                        .formatted(left, top, BOARD, half));
    }

    private String fill(int cell, char value, char before) {
        if (value != MASKED && before == MASKED) {
            return "#bfdbfe";
        }
        return clues.charAt(cell) == '0' ? "#ffffff" : "#e5e7eb";
    }
}
