package org.panamask.launch;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The store's side of one connection of a rank.
///
/// @param rank whose it is
/// @param world how many ranks there are
/// @param socket the connection
/// @param in what it says
/// @param out what it is told
record StoreConnection(int rank, int world, Socket socket, DataInputStream in, DataOutputStream out) {
    static final Duration PING_EVERY = Duration.ofSeconds(5);
    /// A collector's longest pause is not a death.
    static final int SILENCE_MILLIS = 60_000;

    /// How much later than the end of this connection the word may be read that came before it on the other.
    private static final Duration WORD_OF_LEAVING = Duration.ofSeconds(2);

    /// Answers until the rank leaves. One that goes without a word has died.
    void answer(StoreState state) {
        try {
            socket.setSoTimeout(0);
            while (true) {
                switch (in.readByte()) {
                    case Wire.GATHER -> gather(state);
                    case Wire.LEAVE -> {
                        state.leave(rank);
                        return;
                    }
                    default -> throw new IOException("it asks what we do not know");
                }
            }
        } catch (IOException failure) {
            if (!state.hasLeft(rank)) {
                state.fail("rank " + rank + " of " + world + " is gone without a word (" + reason(failure)
                        + "); look at what it printed last, and at the system's log for a kill");
            }
        }
    }

    /// Why a connection is of no use any more.
    static String reason(IOException failure) {
        return Optional.ofNullable(failure.getMessage()).orElse("its connection ended");
    }

    private void gather(StoreState state) throws IOException {
        long number = in.readLong();
        String what = in.readUTF();
        Duration wait = Duration.ofMillis(Math.max(0, in.readLong()));
        byte[] value = Wire.readBytes(in);
        try {
            List<byte[]> all = state.gather(new StoreState.Bringing(rank, number, what, wait), value);
            out.writeByte(Wire.OK);
            out.writeInt(all.size());
            for (byte[] each : all) {
                Wire.writeBytes(out, each);
            }
        } catch (RankException refused) {
            out.writeByte(Wire.REFUSED);
            out.writeUTF(String.valueOf(refused.getMessage()));
        }
        out.flush();
    }

    /// Tells the rank of the first failure of any, and asks for signs of life, until it leaves.
    void watch(StoreState state) {
        Thread listening = Thread.ofVirtual().name("signs of life").start(() -> listen(state));
        try {
            while (listening.isAlive()) {
                Optional<String> failure = state.awaitFailure(PING_EVERY);
                if (failure.isPresent()) {
                    out.writeByte(Wire.FAIL);
                    out.writeUTF(failure.get());
                    out.flush();
                    return;
                }
                out.writeByte(Wire.PING);
                out.flush();
            }
        } catch (IOException _) {
            // The listening thread finds out as well, and says so.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void listen(StoreState state) {
        try {
            socket.setSoTimeout(SILENCE_MILLIS);
            while (true) {
                switch (in.readByte()) {
                    case Wire.PONG -> {}
                    case Wire.FAIL -> {
                        state.fail("rank " + rank + " of " + world + " failed: " + Wire.cut(in.readUTF()));
                        return;
                    }
                    default -> throw new IOException("it says what we do not know");
                }
            }
        } catch (IOException silent) {
            if (!state.leaves(rank, WORD_OF_LEAVING)) {
                state.fail("rank " + rank + " of " + world + " does not answer any more (" + reason(silent)
                        + "); look at what it printed last");
            }
        }
    }

    RankLink link() {
        return new RankLink(rank, socket, in, out);
    }
}
