package org.panamask.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Reaching a number from others, each used once, by sums, differences, products and exact quotients.
final class Countdown {
    private static final int LARGEST_NUMBER = 50;
    private static final int LARGEST_RESULT = 200;
    private static final String OPERATORS = "+-*/";
    private static final Pattern STEP = Pattern.compile("(\\d{1,9})([-+*/])(\\d{1,9})=(\\d{1,9})");

    private Countdown() {}

    /// Draws until all results stay between 1 and 200.
    static Example puzzle(SplitMix64 random, int count) {
        while (true) {
            Optional<Example> drawn = draw(random, count);
            if (drawn.isPresent()) {
                return drawn.get();
            }
        }
    }

    private static Optional<Example> draw(SplitMix64 random, int count) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(1 + random.below(LARGEST_NUMBER));
        }
        List<Integer> left = new ArrayList<>(numbers);
        List<String> steps = new ArrayList<>();
        while (left.size() > 1) {
            int a = left.remove(/* index */ random.below(left.size()));
            int b = left.remove(/* index */ random.below(left.size()));
            char operator = OPERATORS.charAt(random.below(OPERATORS.length()));
            boolean ordered = operator == '-' || operator == '/';
            int first = ordered ? Math.max(a, b) : a;
            int second = ordered ? Math.min(a, b) : b;
            long value = result(first, operator, second);
            if (value < 1 || value > LARGEST_RESULT) {
                return Optional.empty();
            }
            steps.add(first + "" + operator + second + "=" + value);
            left.add((int) value);
        }
        String prompt = numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
        return Optional.of(new Example(prompt + "," + left.getFirst(), String.join(",", steps)));
    }

    /// The value of `a operator b`; -1 for a quotient that is not whole.
    private static long result(long a, char operator, long b) {
        return switch (operator) {
            case '+' -> a + b;
            case '-' -> a - b;
            case '*' -> a * b;
            default -> b != 0 && a % b == 0 ? a / b : -1;
        };
    }

    static boolean check(String prompt, String answer) {
        List<Integer> left = new ArrayList<>();
        for (String number : prompt.split(",", -1)) {
            if (!number.matches("\\d{1,9}")) {
                return false;
            }
            left.add(Integer.parseInt(number));
        }
        int target = left.removeLast();
        OptionalInt last = OptionalInt.empty();
        for (String step : answer.split(",", -1)) {
            Matcher parts = STEP.matcher(step);
            if (!parts.matches()
                    || !left.remove(Integer.valueOf(parts.group(1)))
                    || !left.remove(Integer.valueOf(parts.group(3)))) {
                return false;
            }
            int value = Integer.parseInt(parts.group(4));
            char operator = parts.group(2).charAt(0);
            if (result(Integer.parseInt(parts.group(1)), operator, Integer.parseInt(parts.group(3))) != value) {
                return false;
            }
            left.add(value);
            last = OptionalInt.of(value);
        }
        return left.size() == 1 && last.isPresent() && last.getAsInt() == target;
    }
}
