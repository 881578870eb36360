package org.panamask.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// 4x4 Sudoku: each of 1 to 4 once in every row, column and 2x2 box. A prompt is 16 digits, 0 for a blank.
final class Sudoku4 {
    private static final int SIDE = 4;
    private static final int CELLS = SIDE * SIDE;
    private static final int HELD_OUT_EVERY = 10;
    private static final List<int[]> SOLVED = solutions(new int[CELLS], 1000);

    /// Which of the complete grids puzzles are made of.
    enum Grids {
        ALL,
        TRAINING,
        HELD_OUT;

        private final List<int[]> grids;

        Grids() {
            this.grids = IntStream.range(0, SOLVED.size())
                    .filter(this::holds)
                    .mapToObj(SOLVED::get)
                    .toList();
        }

        private boolean holds(int index) {
            boolean heldOut = index % HELD_OUT_EVERY == HELD_OUT_EVERY - 1;
            return switch (this) {
                case ALL -> true;
                case TRAINING -> !heldOut;
                case HELD_OUT -> heldOut;
            };
        }
    }

    private Sudoku4() {}

    /// A complete grid with as many cells blanked, in random order, as leave one solution and enough clues.
    static Example puzzle(SplitMix64 random, Grids grids) {
        int[] solution = grids.grids.get(random.below(grids.grids.size()));
        int wanted = 5 + random.below(5);
        int[] puzzle = solution.clone();
        int clues = CELLS;
        int[] order = IntStream.range(0, CELLS).toArray();
        random.shuffle(order);
        for (int cell : order) {
            if (clues <= wanted) {
                break;
            }
            int kept = puzzle[cell];
            puzzle[cell] = 0;
            if (solutions(puzzle, 2).size() == 1) {
                clues--;
            } else {
                puzzle[cell] = kept;
            }
        }
        return new Example(digits(puzzle), digits(solution));
    }

    static boolean check(String prompt, String answer) {
        if (answer.length() != CELLS || !answer.chars().allMatch(c -> c >= '1' && c <= '4')) {
            return false;
        }
        for (int i = 0; i < Math.min(CELLS, prompt.length()); i++) {
            if (prompt.charAt(i) != '0' && prompt.charAt(i) != answer.charAt(i)) {
                return false;
            }
        }
        int[] grid = answer.chars().map(c -> c - '0').toArray();
        return IntStream.range(0, CELLS).allMatch(cell -> fits(grid, cell, grid[cell]));
    }

    /// Up to `limit` solutions of `grid`, first blank first, digits ascending.
    static List<int[]> solutions(int[] grid, int limit) {
        List<int[]> found = new ArrayList<>();
        solve(grid.clone(), limit, found);
        return found;
    }

    private static void solve(int[] grid, int limit, List<int[]> found) {
        if (found.size() >= limit) {
            return;
        }
        int blank = 0;
        while (blank < CELLS && grid[blank] != 0) {
            blank++;
        }
        if (blank == CELLS) {
            found.add(grid.clone());
            return;
        }
        for (int value = 1; value <= SIDE; value++) {
            if (fits(grid, blank, value)) {
                grid[blank] = value;
                solve(grid, limit, found);
                grid[blank] = 0;
            }
        }
    }

    private static boolean fits(int[] grid, int cell, int value) {
        int row = cell / SIDE;
        int column = cell % SIDE;
        for (int other = 0; other < CELLS; other++) {
            int otherRow = other / SIDE;
            int otherColumn = other % SIDE;
            boolean sees = otherRow == row
                    || otherColumn == column
                    || otherRow / 2 == row / 2 && otherColumn / 2 == column / 2;
            if (other != cell && sees && grid[other] == value) {
                return false;
            }
        }
        return true;
    }

    private static String digits(int[] grid) {
        return Arrays.stream(grid).mapToObj(Integer::toString).collect(Collectors.joining());
    }
}
