package org.panamask;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Publishes what is added to it. It remembers everything, so that each subscriber goes through all of it at its own
/// pace, from the first item on whenever it comes: a slow one holds nobody up and misses nothing. Subscribers are
/// called on virtual threads of their own.
final class EventLog<T> implements Flow.Publisher<T> {
    private final List<T> items = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private boolean ended;
    private @Nullable Throwable failure;

    void add(List<T> more) {
        if (more.isEmpty()) {
            return;
        }
        synchronized (this) {
            items.addAll(more);
        }
        wakeAll();
    }

    void end() {
        synchronized (this) {
            ended = true;
        }
        wakeAll();
    }

    void fail(Throwable reason) {
        synchronized (this) {
            if (!ended) {
                ended = true;
                failure = reason;
            }
        }
        wakeAll();
    }

    private void wakeAll() {
        List<Reader> all;
        synchronized (this) {
            all = List.copyOf(readers);
        }
        all.forEach(Reader::wake);
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> subscriber) {
        Reader reader = new Reader(Objects.requireNonNull(subscriber, "subscriber"));
        synchronized (this) {
            readers.add(reader);
        }
        reader.begin(() -> subscriber.onSubscribe(reader));
    }

    private synchronized List<T> from(int first, long most) {
        int end = (int) Math.min(items.size(), first + Math.min(most, Integer.MAX_VALUE));
        return List.copyOf(items.subList(first, end));
    }

    private synchronized boolean isDone(int read) {
        return ended && read == items.size();
    }

    private synchronized Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    private synchronized void forget(Reader reader) {
        readers.remove(reader);
    }

    /// One subscriber and how far it has come.
    private final class Reader implements Flow.Subscription {
        private final Flow.Subscriber<? super T> subscriber;
        private final AtomicLong wanted = new AtomicLong();
        private final AtomicInteger calls = new AtomicInteger(1); // none before onSubscribe has returned
        private volatile boolean over;
        private volatile @Nullable Throwable misuse;
        private int read;

        Reader(Flow.Subscriber<? super T> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                misuse = new IllegalArgumentException(
                        "events: at least 1 must be requested, not " + n + "; request more");
            } else {
                wanted.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
            }
            wake();
        }

        @Override
        public void cancel() {
            over = true;
            forget(this);
        }

        void wake() {
            if (calls.getAndIncrement() == 0) {
                begin(() -> {});
            }
        }

        /// Delivers on a thread of its own, once `first` is done.
        void begin(Runnable first) {
            Thread.ofVirtual().name("panamask-events").start(() -> {
                try {
                    first.run();
                } catch (RuntimeException | Error thrown) {
                    cancel();
                    throw thrown;
                }
                deliver();
            });
        }

        private void deliver() {
            int seen = 1;
            while (seen > 0) {
                seen = calls.get();
                try {
                    deliverAll();
                } catch (RuntimeException | Error thrown) {
                    cancel();
                    throw thrown;
                }
                seen = calls.addAndGet(-seen);
            }
        }

        private void deliverAll() {
            Throwable wrong = misuse;
            if (wrong != null && !over) {
                cancel();
                subscriber.onError(wrong);
            }
            while (!over && wanted.get() > 0) {
                List<T> next = from(read, wanted.get());
                if (next.isEmpty()) {
                    break;
                }
                for (T item : next) {
                    if (over) {
                        return;
                    }
                    read++;
                    wanted.updateAndGet(left -> left == Long.MAX_VALUE ? left : left - 1);
                    subscriber.onNext(item);
                }
            }
            if (!over && isDone(read)) {
                cancel();
                failure().ifPresentOrElse(subscriber::onError, subscriber::onComplete);
            }
        }
    }
}
