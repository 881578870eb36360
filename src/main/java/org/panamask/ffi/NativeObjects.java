package org.panamask.ffi;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the native objects of one owner that are open, by kind: what proves that a closed owner owes nothing.
public final class NativeObjects {
    private final ConcurrentMap<String, AtomicLong> live = new ConcurrentHashMap<>();

    /// Creates a count of zero.
    public NativeObjects() {}

    void opened(String kind) {
        live.computeIfAbsent(kind, _ -> new AtomicLong()).incrementAndGet();
    }

    void closed(String kind) {
        live.computeIfAbsent(kind, _ -> new AtomicLong()).decrementAndGet();
    }

    /// The number of objects open now.
    public long total() {
        return live.values().stream().mapToLong(AtomicLong::get).sum();
    }

    /// The kinds that have open objects, with their numbers, sorted by name.
    public SortedMap<String, Long> byKind() {
        SortedMap<String, Long> open = new TreeMap<>();
        live.forEach((kind, count) -> {
            long n = count.get();
            if (n != 0) {
                open.put(kind, n);
            }
        });
        return open;
    }
}
