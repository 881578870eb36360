package org.panamask.backend;

import java.util.LinkedHashMap;
import java.util.Map;

/// Every native byte of a backend and who owns it. Safe for use by many threads.
public final class Ledger {
    private final Map<String, Long> owners = new LinkedHashMap<>();
    private long total;
    private long peak;
    private long allocations;

    /// An empty book.
    public Ledger() {}

    /// Enters `bytes` taken by `owner`.
    public synchronized void take(String owner, long bytes) {
        owners.merge(owner, bytes, Long::sum);
        total += bytes;
        peak = Math.max(peak, total);
        allocations++;
    }

    /// Enters `bytes` given back by `owner`.
    ///
    /// @throws IllegalStateException if `owner` does not have that many
    public synchronized void give(String owner, long bytes) {
        long left = owners.getOrDefault(owner, 0L) - bytes;
        if (left < 0) {
            throw new IllegalStateException(
                    "ledger: " + owner + " gives back " + bytes + " bytes but has " + (left + bytes));
        }
        if (left == 0) {
            owners.remove(owner);
        } else {
            owners.put(owner, left);
        }
        total -= bytes;
    }

    /// The bytes owned now.
    public synchronized long total() {
        return total;
    }

    /// The most bytes owned at once so far.
    public synchronized long peak() {
        return peak;
    }

    /// How often native memory was taken so far; it stands still in the steady state.
    public synchronized long allocations() {
        return allocations;
    }

    /// The bytes of each owner that has any, in the order of their first entry.
    public synchronized Map<String, Long> owners() {
        return new LinkedHashMap<>(owners);
    }
}
