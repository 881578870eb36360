package org.panamask.launch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/// The connections for numbers that have come to rank 0 so far, one for each other rank.
final class DataLinks {
    private final List<CompletableFuture<RankLink>> links;

    DataLinks(int world) {
        links = IntStream.range(0, world)
                .mapToObj(_ -> new CompletableFuture<RankLink>())
                .toList();
    }

    void arrived(int rank, RankLink link) {
        links.get(rank).complete(link);
    }

    /// Those of all ranks but 0, in their order.
    ///
    /// @throws RankException if one does not come in time
    List<RankLink> all(Duration most) {
        List<RankLink> all = new ArrayList<>();
        for (int rank = 1; rank < links.size(); rank++) {
            try {
                all.add(links.get(rank).get(most.toMillis(), TimeUnit.MILLISECONDS));
            } catch (TimeoutException | ExecutionException late) {
                throw new RankException(
                        "ranks: rank " + rank + " must open a connection for its numbers within " + most.toSeconds()
                                + " s, but did not; all ranks must run the same recipe",
                        late);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new RankException("ranks: interrupted while rank " + rank + " was waited for", stopped);
            }
        }
        return all;
    }
}
