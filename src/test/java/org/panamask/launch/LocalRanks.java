package org.panamask.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// Several ranks as threads of one JVM, for tests.
public final class LocalRanks {
    private static final RankTimes TIMES = new RankTimes(Duration.ofSeconds(20), Duration.ofSeconds(60));

    private LocalRanks() {}

    /// Places of `world` ranks that meet at a free port of this machine.
    public static List<Launch> launches(int world) {
        Meeting meeting = new Meeting("127.0.0.1", freePort(), "test");
        List<Launch> launches = new ArrayList<>();
        for (int rank = 0; rank < world; rank++) {
            launches.add(new Launch(new Place(rank, world, rank, world), Optional.of(meeting), "test"));
        }
        return launches;
    }

    /// Runs `work` as each of `world` ranks, with the others at its side.
    ///
    /// @return what each gave; the exception of the lowest rank that threw one is thrown
    public static <T> List<T> run(int world, Function<Ranks, T> work) {
        return runEach(launches(world), launch -> {
            try (Ranks ranks = Ranks.join(launch, TIMES)) {
                try {
                    return work.apply(ranks);
                } catch (RuntimeException | Error failure) {
                    ranks.fail(failure);
                    throw failure;
                }
            }
        });
    }

    /// Runs `work` for each of `launches` on a thread of its own.
    public static <T> List<T> runEach(List<Launch> launches, Function<Launch, T> work) {
        List<CompletableFuture<T>> results = new ArrayList<>();
        for (Launch launch : launches) {
            CompletableFuture<T> result = new CompletableFuture<>();
            results.add(result);
            Thread.ofPlatform().name(launch.place().text()).start(() -> {
                try {
                    result.complete(work.apply(launch));
                } catch (RuntimeException | Error failure) {
                    result.completeExceptionally(failure);
                }
            });
        }
        List<T> all = new ArrayList<>();
        for (CompletableFuture<T> result : results) {
            result.handle((_, _) -> 0).join();
        }
        for (CompletableFuture<T> result : results) {
            all.add(result.join());
        }
        return all;
    }

    /// A port nobody listens at.
    public static int freePort() {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
