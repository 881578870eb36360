package org.panamask.launch;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// The processes that train together, as one of them sees the others. All ranks call the same things in the same
/// order. When one of them fails or dies, every call of the others ends with a [RankException] that says who and why.
/// Calls are made by one thread at a time, [#fail], [#failure] and [#onFailure] by any.
public sealed interface Ranks extends AutoCloseable permits Alone, JoinedRanks {
    /// Meets the other ranks of `launch`.
    ///
    /// @throws RankException if they do not come in time, or belong to another launch
    static Ranks join(Launch launch, RankTimes times) {
        return launch.meeting()
                .<Ranks>map(meeting -> JoinedRanks.join(launch.place(), meeting, times))
                .orElseGet(Alone::new);
    }

    /// A process alone.
    static Ranks alone() {
        return new Alone();
    }

    /// Where this process stands among them.
    Place place();

    /// Waits until every rank has brought something to `what`.
    ///
    /// @param what names it in messages
    /// @param mine at most a MiB
    /// @return what each brought, in the order of ranks
    /// @throws RankException if one fails, dies, or does not come in time
    List<byte[]> gather(String what, byte[] mine);

    /// Waits for every rank as long as all of them live: for work that one of them does alone.
    ///
    /// @throws RankException if one fails or dies
    void await(String what);

    /// The first failure of any rank that is known here.
    Optional<RankException> failure();

    /// The failure that `lost` follows from, if news of it comes within seconds; else `lost` itself.
    RankException because(RankException lost);

    /// Runs `action` once, on a thread of its own, when a rank fails or dies; it must end quickly.
    void onFailure(Consumer<RankException> action);

    /// Tells the others that this rank cannot go on.
    void fail(Throwable why);

    /// Connections for the numbers of tensors: on rank 0 one to each other rank in their order, elsewhere one to
    /// rank 0. They belong to the caller; all ranks ask once, together.
    ///
    /// @throws RankException if one does not come in time
    List<RankLink> links();

    /// Leaves in order. Closing twice does nothing.
    @Override
    void close();

    /// The numbers of each rank, in the order of ranks.
    ///
    /// @throws RankException if one fails, dies, or does not come in time
    default List<double[]> gather(String what, double... mine) {
        ByteBuffer bytes = ByteBuffer.allocate(mine.length * Double.BYTES);
        bytes.asDoubleBuffer().put(mine);
        List<double[]> all = new ArrayList<>();
        for (byte[] each : gather(what, bytes.array())) {
            double[] numbers = new double[each.length / Double.BYTES];
            ByteBuffer.wrap(each).asDoubleBuffer().get(numbers);
            all.add(numbers);
        }
        return all;
    }

    /// Whether `mine` is true on any rank, the same answer on all of them.
    ///
    /// @throws RankException if one fails, dies, or does not come in time
    default boolean any(String what, boolean mine) {
        return gather(what, new byte[] {(byte) (mine ? 1 : 0)}).stream().anyMatch(each -> each[0] != 0);
    }

    /// Checks that all ranks hold the same bytes.
    ///
    /// @param what they are, for the message
    /// @throws RankException if one holds others
    default void requireSame(String what, byte[] mine) {
        List<byte[]> all = gather(what, mine);
        for (int rank = 1; rank < all.size(); rank++) {
            if (!Arrays.equals(all.getFirst(), all.get(rank))) {
                throw new RankException("ranks: " + what + " must be the same on every rank, but rank " + rank
                        + " has another than rank 0; start all ranks with the same files and the same version");
            }
        }
    }

    /// How long a step may take before ranks give each other up.
    Duration patience();
}
