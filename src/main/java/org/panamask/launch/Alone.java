package org.panamask.launch;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One process that waits for nobody.
record Alone() implements Ranks {
    @Override
    public Place place() {
        return Place.alone();
    }

    @Override
    public List<byte[]> gather(String what, byte[] mine) {
        return List.of(mine);
    }

    @Override
    public void await(String what) {}

    @Override
    public Optional<RankException> failure() {
        return Optional.empty();
    }

    @Override
    public RankException because(RankException lost) {
        return lost;
    }

    @Override
    public void onFailure(Consumer<RankException> action) {}

    @Override
    public void fail(Throwable why) {}

    @Override
    public List<RankLink> links() {
        return List.of();
    }

    @Override
    public Duration patience() {
        return Duration.ofDays(1);
    }

    @Override
    public void close() {}
}
