package org.panamask.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.panamask.config.Place;
import org.panamask.config.Problem;
import org.panamask.config.Tree;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Reads YAML text as far as places and words; what they mean is the binder's business.
final class YamlTree {
    private static final int DEEPEST = 16;
    private static final Set<Tag> KNOWN_TAGS =
            Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.SEQ, Tag.MAP);

    private final String text;
    private final String source;
    private final boolean lines;
    private final Path folder;
    private final List<Problem> problems;

    private YamlTree(String text, String source, boolean lines, Path folder, List<Problem> problems) {
        this.text = text;
        this.source = source;
        this.lines = lines;
        this.folder = folder;
        this.problems = problems;
    }

    /// Reads a whole file's text. Problems go to `problems`; empty if nothing can be made of the text.
    static Optional<Tree> ofFile(String text, String source, Path folder, List<Problem> problems) {
        return new YamlTree(text, source, true, folder, problems).read();
    }

    /// Reads the value of an override given on the command line.
    static Optional<Tree> ofOverride(String value, String override, Path folder, List<Problem> problems) {
        return new YamlTree(value, override, false, folder, problems).read();
    }

    private Optional<Tree> read() {
        LoadSettings settings = LoadSettings.builder().setLabel(source).build();
        try {
            List<Problem> refused = refusals(settings);
            if (!refused.isEmpty()) {
                problems.addAll(refused);
                return Optional.empty();
            }
            Composer composer = new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)));
            return composer.getSingleNode().map(this::tree);
        } catch (MarkedYamlEngineException e) {
            problems.add(syntax(e));
        } catch (YamlEngineException e) {
            String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            problems.add(new Problem(place(0), "this is not YAML: " + said));
        }
        return Optional.empty();
    }

    /// Looks through the parser's events, which cost no more than the text is long, for what a recipe may not hold.
    private List<Problem> refusals(LoadSettings settings) {
        ParserImpl parser = new ParserImpl(settings, new StreamReader(settings, text));
        List<Problem> refused = new ArrayList<>();
        int depth = 0;
        int documents = 0;
        while (parser.hasNext()) {
            Event event = parser.next();
            switch (event) {
                case AliasEvent alias ->
                    refused.add(new Problem(
                            place(event.getStartMark()),
                            "aliases such as *" + alias.getAlias() + " are not read in recipes; write the value out"));
                case DocumentStartEvent _ -> {
                    documents++;
                    if (documents == 2) {
                        String rule = "a recipe is one document, but a second starts";
                        refused.add(new Problem(place(event.getStartMark()), rule));
                    }
                }
                case CollectionStartEvent _ -> depth++;
                case CollectionEndEvent _ -> depth--;
                default -> {}
            }
            if (depth > DEEPEST) {
                refused.add(new Problem(
                        place(event.getStartMark()),
                        "a recipe has at most " + DEEPEST + " levels, but this goes deeper"));
                return refused;
            }
        }
        return refused;
    }

    private Problem syntax(MarkedYamlEngineException e) {
        Place place = place(e.getProblemMark().or(e::getContextMark));
        List<String> written = text.lines().toList();
        if (place.line() > 0 && place.line() <= written.size()) {
            String line = written.get(place.line() - 1);
            if (line.substring(0, line.length() - line.stripLeading().length()).contains("\t")) {
                return new Problem(place, "this line is indented with a tab; YAML takes spaces only");
            }
        }
        String context = e.getContext() == null ? "" : e.getContext() + ", ";
        return new Problem(place, "this is not YAML: " + (context + e.getProblem()).replace('\n', ' '));
    }

    private Tree tree(Node node) {
        Place place = place(node.getStartMark());
        if (!KNOWN_TAGS.contains(node.getTag())) {
            problems.add(new Problem(place, "the tag " + node.getTag() + " means nothing in a recipe; leave it out"));
        }
        return switch (node) {
            case ScalarNode scalar -> new Tree.Scalar(scalar.getValue(), !scalar.isPlain(), place);
            case SequenceNode list ->
                new Tree.Items(list.getValue().stream().map(this::tree).toList(), place);
            case MappingNode mapping -> mapping(mapping, place);
            default -> throw new IllegalStateException("YAML node of unknown kind " + node.getNodeType());
        };
    }

    private Tree.Mapping mapping(MappingNode node, Place place) {
        Map<String, Tree.Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : node.getValue()) {
            Place keyPlace = place(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(new Problem(keyPlace, "a key must be a word, but this one is a list or a group"));
                continue;
            }
            Tree.Entry before = entries.get(key.getValue());
            if (before == null) {
                entries.put(key.getValue(), new Tree.Entry(keyPlace, tree(tuple.getValueNode())));
            } else {
                problems.add(new Problem(
                        keyPlace,
                        "duplicate key '" + key.getValue() + "', first on line "
                                + before.place().line()));
            }
        }
        return new Tree.Mapping(entries, place);
    }

    private Place place(Optional<Mark> mark) {
        return place(mark.map(found -> found.getLine() + 1).orElse(0));
    }

    private Place place(int line) {
        return new Place(source, lines ? line : 0, folder);
    }
}
