import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes the C header of an ABI table to standard output: `java scripts/AbiHeader.java bindings/abi/cuda.abi`. What the
/// lines of a table mean is said in `bindings/abi/README.md`.
final class AbiHeader {
    private static final Pattern FUNCTION = Pattern.compile("(\\w+)\\((.*)\\)(\\w)");
    private static final Pattern FIELD = Pattern.compile("(\\w+):(\\w+)((?:\\[\\d+])?)");
    private static final Map<String, String> TYPES = Map.of(
            "i", "int",
            "l", "long long",
            "f", "float",
            "d", "double",
            "b", "_Bool",
            "c", "signed char",
            "s", "short",
            "p", "void *",
            "v", "void");

    private AbiHeader() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            System.err.println("usage: java AbiHeader.java TABLE");
            System.exit(2);
        }
        List<String> lines = Files.readAllLines(Path.of(arguments[0]));
        for (int n = 0; n < lines.size(); n++) {
            try {
                System.out.print(declaration(lines.get(n).strip()));
            } catch (IllegalArgumentException refused) {
                System.err.println(arguments[0] + ":" + (n + 1) + ": " + refused.getMessage());
                System.exit(1);
            }
        }
    }

    private static String declaration(String line) {
        if (line.isEmpty() || line.startsWith("#")) {
            return "";
        }
        List<String> words = Arrays.asList(line.split("\\s+"));
        return switch (words.getFirst()) {
            case "fn" -> function(words.get(1));
            case "const" -> "enum { " + words.get(1) + " = " + Long.parseLong(words.get(2)) + " };\n";
            case "struct" -> struct(words.get(1), words.subList(2, words.size()));
            default -> throw new IllegalArgumentException("a line starts with fn, const, struct or #, not '" + line + "'");
        };
    }

    private static String function(String text) {
        Matcher parts = matched(FUNCTION, text);
        StringJoiner parameters = new StringJoiner(", ");
        for (String letter : parts.group(2).split(",")) {
            parameters.add(letter.isEmpty() ? "void" : type(letter));
        }
        return type(parts.group(3)) + " " + parts.group(1) + "(" + parameters + ");\n";
    }

    private static String struct(String name, List<String> fields) {
        StringBuilder body = new StringBuilder();
        for (String field : fields) {
            Matcher parts = matched(FIELD, field);
            body.append(type(parts.group(2))).append(' ').append(parts.group(1)).append(parts.group(3)).append("; ");
        }
        return "typedef struct { " + body + "} " + name + ";\n";
    }

    /// A letter, or the name of a struct of the table, in braces where it is a parameter.
    private static String type(String letter) {
        return TYPES.getOrDefault(letter, letter.replaceAll("[{}]", ""));
    }

    private static Matcher matched(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not of the form " + pattern);
        }
        return matcher;
    }
}
