package org.panamask.launch;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What the store keeps: what ranks bring to a meeting until all have it, who has left, and the first failure. Safe for
/// use by many threads.
final class StoreState {
    private static final long MOST_WAIT_MILLIS = 3_600_000;

    private final int world;
    private final Map<Long, Gathering> gatherings = new HashMap<>();
    private final Set<Integer> left = new HashSet<>();
    private @Nullable String failure;

    StoreState(int world) {
        this.world = world;
    }

    private static final class Gathering {
        private final String what;
        private final Map<Integer, byte[]> brought = new TreeMap<>();
        private int taken;

        Gathering(String what) {
            this.what = what;
        }
    }

    /// What one rank brings.
    ///
    /// @param rank whose it is
    /// @param number which of its meetings it is, counted from 0; the same for all ranks
    /// @param what the name of the meeting, for messages
    /// @param most how long it waits for the others; zero waits as long as they live
    record Bringing(int rank, long number, String what, Duration most) {}

    /// Waits until every rank has brought something to the same meeting.
    ///
    /// @return what each brought, in the order of ranks
    /// @throws RankException if one failed, left, came for something else, or did not come in time
    synchronized List<byte[]> gather(Bringing bringing, byte[] value) {
        Gathering meeting = gathering(bringing);
        meeting.brought.put(bringing.rank, value);
        notifyAll();
        long deadline = System.nanoTime() + bringing.most.toNanos();
        try {
            while (meeting.brought.size() < world) {
                requireAllThere(meeting);
                long left = bringing.most.isPositive() ? deadline - System.nanoTime() : Long.MAX_VALUE;
                if (left <= 0) {
                    fail("rank " + bringing.rank + " of " + world + " waited " + shown(bringing.most) + " at '"
                            + bringing.what + "' for ranks " + missing(meeting)
                            + "; look at what they print, or raise the time in the recipe's group ranks");
                }
                wait(Math.max(1, Math.min(MOST_WAIT_MILLIS, left / 1_000_000)));
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new RankException("the store of rank 0 was closed at '" + bringing.what + "'", stopped);
        }
        List<byte[]> all = List.copyOf(meeting.brought.values());
        if (++meeting.taken == world) {
            gatherings.remove(bringing.number);
        }
        return all;
    }

    private List<Integer> missing(Gathering meeting) {
        return IntStream.range(0, world)
                .filter(rank -> !meeting.brought.containsKey(rank))
                .boxed()
                .toList();
    }

    private Gathering gathering(Bringing bringing) {
        if (failure != null) {
            throw new RankException(failure);
        }
        Gathering meeting = gatherings.computeIfAbsent(bringing.number, _ -> new Gathering(bringing.what));
        if (!meeting.what.equals(bringing.what)) {
            String astray =
                    "rank " + bringing.rank + " of " + world + " came to '" + bringing.what + "' when others were at '"
                            + meeting.what + "'; all ranks must run the same recipe with the same version";
            fail(astray);
            throw new RankException(astray);
        }
        return meeting;
    }

    private void requireAllThere(Gathering meeting) {
        if (failure != null) {
            throw new RankException(failure);
        }
        List<Integer> gone = missing(meeting).stream().filter(left::contains).toList();
        if (!gone.isEmpty()) {
            throw new RankException("rank " + gone.getFirst() + " of " + world + " has left before '" + meeting.what
                    + "'; all ranks must run the same recipe with the same version");
        }
    }

    private static String shown(Duration time) {
        return time.toSeconds() >= 1 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /// Says that a rank ends in order.
    synchronized void leave(int rank) {
        left.add(rank);
        notifyAll();
    }

    /// Whether a rank whose one connection has ended says on the other, `within` a time, that it ends in order.
    synchronized boolean leaves(int rank, Duration within) {
        long deadline = System.nanoTime() + within.toNanos();
        try {
            while (!left.contains(rank) && failure == null && System.nanoTime() < deadline) {
                wait(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return left.contains(rank);
    }

    synchronized boolean hasLeft(int rank) {
        return left.contains(rank);
    }

    /// Enters a failure; only the first counts, because others follow from it.
    synchronized void fail(String message) {
        if (failure == null) {
            failure = message;
            notifyAll();
        }
    }

    synchronized Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /// Waits at most `most` for a failure.
    synchronized Optional<String> awaitFailure(Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (failure == null && System.nanoTime() < deadline) {
            wait(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        }
        return Optional.ofNullable(failure);
    }

    /// Waits at most `most` until every rank has left, or one has failed.
    synchronized void awaitEnd(Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (failure == null && left.size() < world && System.nanoTime() < deadline) {
            wait(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        }
    }
}
