package org.panamask.backend.host;

import java.util.Arrays;
import java.util.List;
import org.panamask.launch.RankLink;

/// What ranks say to rank 0, and what it answers, a chunk at a time. Confined to one thread.
///
/// @param rank of this process
/// @param world how many ranks there are
/// @param links on rank 0 to each other rank in their order, elsewhere to rank 0
/// @param message room for a chunk as it is sent
/// @param sums room for a chunk while it is summed
record TensorExchange(int rank, int world, List<RankLink> links, byte[] message, double[] sums) {
    private static final int CHUNK = 1 << 15;

    TensorExchange(int rank, int world, List<RankLink> links) {
        this(rank, world, links, new byte[CHUNK * Double.BYTES], new double[CHUNK]);
    }

    /// Replaces the numbers by the sums over all ranks, divided by `divisor`.
    void sum(Numbers numbers, double divisor) {
        for (long from = 0; from < numbers.count(); from += CHUNK) {
            int count = (int) Math.min(CHUNK, numbers.count() - from);
            if (rank == 0) {
                addUp(numbers, from, count, divisor);
                numbers.copyFrom(message, from, count);
                links.forEach(link -> link.send(message, count * numbers.bytes()));
            } else {
                numbers.copyTo(message, from, count);
                links.getFirst().send(message, count * numbers.bytes());
                links.getFirst().receive(message, count * numbers.bytes());
                numbers.copyFrom(message, from, count);
            }
        }
    }

    /// Leaves the sums over all ranks, divided by `divisor`, in the message.
    private void addUp(Numbers numbers, long from, int count, double divisor) {
        Arrays.fill(sums, 0);
        numbers.copyTo(message, from, count);
        numbers.add(message, sums, count);
        for (RankLink link : links) {
            link.receive(message, count * numbers.bytes());
            numbers.add(message, sums, count);
        }
        numbers.put(sums, divisor, message, count);
    }

    /// Leaves the sums of part `rank` of `part` numbers with that rank.
    void sumParts(Numbers numbers, long part) {
        for (int owner = 0; owner < world; owner++) {
            for (long from = owner * part; from < (owner + 1) * part; from += CHUNK) {
                int count = (int) Math.min(CHUNK, (owner + 1) * part - from);
                int bytes = count * numbers.bytes();
                if (rank == 0) {
                    addUp(numbers, from, count, 1);
                    if (owner > 0) {
                        links.get(owner - 1).send(message, bytes);
                    }
                } else {
                    numbers.copyTo(message, from, count);
                    links.getFirst().send(message, bytes);
                    if (owner == rank) {
                        links.getFirst().receive(message, bytes);
                    }
                }
                if (owner == rank) {
                    numbers.copyFrom(message, from, count);
                }
            }
        }
    }

    /// Gives part `rank` of `part` numbers to every rank.
    void gatherParts(Numbers numbers, long part) {
        for (int owner = 0; owner < world; owner++) {
            for (long from = owner * part; from < (owner + 1) * part; from += CHUNK) {
                int count = (int) Math.min(CHUNK, (owner + 1) * part - from);
                gather(owner, numbers, from, count);
            }
        }
    }

    private void gather(int owner, Numbers numbers, long from, int count) {
        int bytes = count * numbers.bytes();
        if (owner == rank) {
            numbers.copyTo(message, from, count);
        }
        if (rank == 0) {
            if (owner > 0) {
                links.get(owner - 1).receive(message, bytes);
            }
            for (int other = 1; other < world; other++) {
                if (other != owner) {
                    links.get(other - 1).send(message, bytes);
                }
            }
        } else if (owner == rank) {
            links.getFirst().send(message, bytes);
        } else {
            links.getFirst().receive(message, bytes);
        }
        if (owner != rank) {
            numbers.copyFrom(message, from, count);
        }
    }
}
