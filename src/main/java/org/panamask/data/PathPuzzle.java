package org.panamask.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Finding the way from start to goal among shuffled edges: a chain of five, a side chain of three that leaves it, and
/// one of two that leads into it.
final class PathPuzzle {
    private static final int LENGTH = 5;
    private static final int LEAVING = 3;
    private static final int ENTERING = 2;

    private PathPuzzle() {}

    private record Edge(int from, int to) {
        @Override
        public String toString() {
            return from + "," + to;
        }
    }

    static Example puzzle(SplitMix64 random) {
        int[] labels = IntStream.range(0, 1 + LENGTH + LEAVING + ENTERING).toArray();
        random.shuffle(labels);
        List<Edge> edges = new ArrayList<>();
        int taken = 1;
        for (; taken <= LENGTH; taken++) {
            edges.add(new Edge(labels[taken - 1], labels[taken]));
        }
        List<Edge> solution = List.copyOf(edges);
        int current = labels[1 + random.below(LENGTH - 1)];
        for (int i = 0; i < LEAVING; i++) {
            edges.add(new Edge(current, labels[taken]));
            current = labels[taken++];
        }
        current = labels[1 + random.below(LENGTH - 1)];
        for (int i = 0; i < ENTERING; i++) {
            edges.add(new Edge(labels[taken], current));
            current = labels[taken++];
        }
        int[] order = IntStream.range(0, edges.size()).toArray();
        random.shuffle(order);
        List<Edge> shuffled = IntStream.of(order).mapToObj(edges::get).toList();
        return new Example(joined(shuffled) + "-" + new Edge(labels[0], labels[LENGTH]), joined(solution));
    }

    static boolean check(String prompt, String answer) {
        String[] parts = prompt.split("-", -1);
        String[] ends = parts.length == 2 ? parts[1].split(",", -1) : parts;
        if (parts.length != 2 || ends.length != 2) {
            return false;
        }
        Set<String> edges = new HashSet<>(List.of(parts[0].split("/", -1)));
        String current = ends[0];
        for (String step : answer.split("/", -1)) {
            String[] nodes = step.split(",", -1);
            if (!edges.contains(step) || nodes.length < 2 || !nodes[0].equals(current)) {
                return false;
            }
            current = nodes[1];
        }
        return current.equals(ends[1]);
    }

    private static String joined(List<Edge> edges) {
        return edges.stream().map(Edge::toString).collect(Collectors.joining("/"));
    }
}
