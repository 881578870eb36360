package org.panamask;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a subscriber has taken so far.
final class Taken<T> implements Flow.Subscriber<T> {
    private static final long PATIENCE_SECONDS = 60;

    private final long first;
    private final List<T> items = new ArrayList<>();
    private final CountDownLatch subscribed = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable Throwable failure;
    private Flow.@Nullable Subscription subscription;

    private Taken(long first) {
        this.first = first;
    }

    /// Subscribes, waits until the publisher has answered (it may do so on a thread of its own) and
    /// requests `first` items.
    static <T> Taken<T> of(Flow.Publisher<T> publisher, long first) throws InterruptedException {
        Taken<T> taken = new Taken<>(first);
        publisher.subscribe(taken);
        if (!taken.subscribed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("not subscribed after " + PATIENCE_SECONDS + " s");
        }
        return taken;
    }

    /// Takes everything until the end.
    static <T> Taken<T> all(Flow.Publisher<T> publisher) throws InterruptedException {
        return of(publisher, Long.MAX_VALUE).end();
    }

    @Override
    public synchronized void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (first > 0) {
            given.request(first);
        }
        subscribed.countDown();
    }

    @Override
    public synchronized void onNext(T item) {
        items.add(item);
        notifyAll();
    }

    @Override
    public synchronized void onError(Throwable thrown) {
        failure = thrown;
        ended.countDown();
    }

    @Override
    public void onComplete() {
        ended.countDown();
    }

    void request(long n) {
        subscription.request(n);
    }

    void cancel() {
        subscription.cancel();
    }

    synchronized void await(int count) throws InterruptedException {
        while (items.size() < count) {
            wait(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
    }

    Taken<T> end() throws InterruptedException {
        if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("not ended after " + PATIENCE_SECONDS + " s: " + items());
        }
        return this;
    }

    synchronized List<T> items() {
        return List.copyOf(items);
    }

    synchronized @Nullable Throwable failure() {
        return failure;
    }
}
