package org.panamask.launch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Ranks that meet at the store of rank 0.
final class JoinedRanks implements Ranks {
    private static final Duration NEWS = Duration.ofSeconds(2);

    private final Place place;
    private final Meeting meeting;
    private final RankTimes times;
    private final Optional<StoreServer> server;
    private final StoreClient asking;
    private final StoreClient watching;
    private final Object news = new Object();
    private final List<Consumer<RankException>> actions = new ArrayList<>();
    private @Nullable RankException failure;
    private long gathered;
    private boolean closed;

    private JoinedRanks(Place place, Meeting meeting, RankTimes times, Optional<StoreServer> server) {
        this.place = place;
        this.meeting = meeting;
        this.times = times;
        this.server = server;
        this.asking = StoreClient.open(place, meeting, Wire.Role.ASK, times.start());
        try {
            this.watching = StoreClient.open(place, meeting, Wire.Role.WATCH, times.start());
        } catch (RuntimeException | Error failed) {
            asking.close();
            throw failed;
        }
    }

    static JoinedRanks join(Place place, Meeting meeting, RankTimes times) {
        return join(place, meeting, times, StoreConnection.SILENCE_MILLIS);
    }

    /// [#join(Place, Meeting, RankTimes)], taking the store for dead that has said nothing for `silence` ms.
    static JoinedRanks join(Place place, Meeting meeting, RankTimes times, int silence) {
        Optional<StoreServer> server =
                place.isFirst() ? Optional.of(StoreServer.open(place, meeting)) : Optional.empty();
        JoinedRanks ranks;
        try {
            ranks = new JoinedRanks(place, meeting, times, server);
        } catch (RuntimeException | Error failed) {
            server.ifPresent(StoreServer::abandon);
            throw failed;
        }
        Thread.ofVirtual().name("watch of " + place.text()).start(() -> ranks.watch(silence));
        try {
            ranks.gather("the start", new byte[0], times.start());
            return ranks;
        } catch (RuntimeException | Error failed) {
            ranks.close();
            throw failed;
        }
    }

    @Override
    public Place place() {
        return place;
    }

    @Override
    public Duration patience() {
        return times.step();
    }

    @Override
    public List<byte[]> gather(String what, byte[] mine) {
        return gather(what, mine, times.step());
    }

    @Override
    public void await(String what) {
        gather(what, new byte[0], Duration.ZERO);
    }

    private List<byte[]> gather(String what, byte[] mine, Duration wait) {
        if (mine.length > Wire.MOST_BYTES) {
            throw new IllegalArgumentException(
                    "ranks: '" + what + "' must bring at most " + Wire.MOST_BYTES + " bytes, but got " + mine.length);
        }
        requireNoFailure();
        try {
            asking.out().writeByte(Wire.GATHER);
            asking.out().writeLong(gathered++);
            asking.out().writeUTF(what);
            asking.out().writeLong(wait.toMillis());
            Wire.writeBytes(asking.out(), mine);
            asking.out().flush();
            if (asking.in().readByte() != Wire.OK) {
                throw failed(asking.in().readUTF());
            }
            int count = asking.in().readInt();
            List<byte[]> all = new ArrayList<>();
            for (int rank = 0; rank < count; rank++) {
                all.add(Wire.readBytes(asking.in()));
            }
            return all;
        } catch (IOException gone) {
            // The other connection may know why.
            awaitFailure();
            throw failed(lost(gone));
        }
    }

    private static String lost(IOException gone) {
        return "rank 0, which keeps the store, is gone (" + StoreConnection.reason(gone)
                + "); look at what it printed last";
    }

    private synchronized void requireNoFailure() {
        if (failure != null) {
            throw new RankException(String.valueOf(failure.getMessage()));
        }
        if (closed) {
            throw new IllegalStateException("ranks: " + place.text() + " has left");
        }
    }

    /// Enters the first failure and tells those who asked for it.
    private RankException failed(String message) {
        RankException first;
        List<Consumer<RankException>> told = List.of();
        synchronized (this) {
            if (failure == null) {
                failure = new RankException(place.text() + " cannot go on: " + message);
                notifyAll();
                told = List.copyOf(actions);
            }
            first = failure;
        }
        told.forEach(action -> action.accept(first));
        return first;
    }

    /// Hears of failures and gives signs of life until the store is closed. A machine that vanishes closes nothing:
    /// it is known by its silence, because the store asks for signs of life all the time.
    private void watch(int silence) {
        try {
            watching.socket().setSoTimeout(silence);
            while (true) {
                switch (watching.in().readByte()) {
                    case Wire.PING -> tell(Wire.PONG, "");
                    case Wire.FAIL -> {
                        failed(watching.in().readUTF());
                        asking.close();
                        return;
                    }
                    default -> throw new IOException("it says what we do not know");
                }
            }
        } catch (IOException gone) {
            if (!hasClosed()) {
                failed(lost(gone));
                asking.close();
            }
        }
    }

    private synchronized boolean hasClosed() {
        return closed;
    }

    @Override
    public synchronized Optional<RankException> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public RankException because(RankException lost) {
        awaitFailure();
        return failure().orElse(lost);
    }

    @Override
    public void onFailure(Consumer<RankException> action) {
        RankException known;
        synchronized (this) {
            actions.add(action);
            known = failure;
        }
        if (known != null) {
            action.accept(known);
        }
    }

    private void tell(byte kind, String text) throws IOException {
        synchronized (news) {
            watching.out().writeByte(kind);
            if (!text.isEmpty()) {
                watching.out().writeUTF(text);
            }
            watching.out().flush();
        }
    }

    /// The store's answer is waited for, so that nobody hears first that this rank has left.
    @Override
    public void fail(Throwable why) {
        synchronized (this) {
            if (failure != null || closed) {
                return;
            }
        }
        String text = Wire.cut(why.getMessage() == null ? why.toString() : why.getMessage());
        try {
            tell(Wire.FAIL, text);
            awaitFailure();
        } catch (IOException _) {
            // The store is gone: the others hear of that.
        }
        // Where it does not answer, this rank knows all the same.
        failed(text);
    }

    private synchronized void awaitFailure() {
        long deadline = System.nanoTime() + NEWS.toNanos();
        try {
            while (failure == null && System.nanoTime() < deadline) {
                wait(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<RankLink> links() {
        List<RankLink> links;
        if (server.isPresent()) {
            links = server.get().links().all(times.start());
        } else {
            StoreClient client = StoreClient.open(place, meeting, Wire.Role.DATA, times.start());
            links = List.of(new RankLink(0, client.socket(), client.in(), client.out()));
        }
        try {
            for (RankLink link : links) {
                link.limit(
                        Math.toIntExact(Math.min(Integer.MAX_VALUE, times.step().toMillis())));
            }
        } catch (IOException failed) {
            links.forEach(RankLink::close);
            throw failed(lost(failed));
        }
        return links;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        try {
            asking.out().writeByte(Wire.LEAVE);
            asking.out().flush();
        } catch (IOException _) {
            // The store is gone before us.
        }
        server.ifPresent(StoreServer::close);
        asking.close();
        watching.close();
    }
}
