package org.panamask.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which texts share a row: each pack is filled by taking the longest text that still fits.
///
/// @param packs the numbers of the texts of each pack, in the order they were chosen
/// @param dropped the numbers of the texts that are longer than a pack
public record Packing(List<List<Integer>> packs, List<Integer> dropped) {
    /// Copies the lists.
    public Packing {
        packs = packs.stream().map(List::copyOf).toList();
        dropped = List.copyOf(dropped);
    }

    /// Packs texts of `lengths` into packs of at most `capacity`. Source: LLaMA-Factory,
    /// data/processor/processor_utils.py: greedy_knapsack.
    ///
    /// @throws DataException if `capacity` is less than 1
    public static Packing greedy(List<Integer> lengths, int capacity) {
        if (capacity < 1) {
            throw new DataException("packing: a pack must hold at least 1 token, not " + capacity);
        }
        TreeMap<Integer, Deque<Integer>> left = new TreeMap<>();
        List<Integer> dropped = new ArrayList<>();
        for (int i = 0; i < lengths.size(); i++) {
            if (lengths.get(i) > capacity) {
                dropped.add(i);
            } else {
                left.computeIfAbsent(lengths.get(i), _ -> new ArrayDeque<>()).add(i);
            }
        }
        List<List<Integer>> packs = new ArrayList<>();
        while (!left.isEmpty()) {
            packs.add(fill(left, capacity));
        }
        return new Packing(packs, dropped);
    }

    private static List<Integer> fill(TreeMap<Integer, Deque<Integer>> left, int capacity) {
        List<Integer> pack = new ArrayList<>();
        int room = capacity;
        for (Map.Entry<Integer, Deque<Integer>> fits = left.floorEntry(room);
                fits != null;
                fits = left.floorEntry(room)) {
            pack.add(fits.getValue().removeLast());
            room -= fits.getKey();
            if (fits.getValue().isEmpty()) {
                left.remove(fits.getKey());
            }
        }
        return pack;
    }
}
