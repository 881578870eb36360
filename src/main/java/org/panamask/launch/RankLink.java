package org.panamask.launch;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;

/// A connection over which two ranks exchange bytes in an order of their own. Not safe for several threads.
public final class RankLink implements AutoCloseable {
    private final int peer;
    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    RankLink(int peer, Socket socket, DataInputStream in, DataOutputStream out) {
        this.peer = peer;
        this.socket = socket;
        this.in = in;
        this.out = out;
    }

    /// The rank at the other end.
    public int peer() {
        return peer;
    }

    /// Sends the first `count` of `bytes` at once.
    ///
    /// @throws RankException if the other rank is gone
    public void send(byte[] bytes, int count) {
        try {
            out.write(bytes, 0, count);
            out.flush();
        } catch (IOException failure) {
            throw gone(failure);
        }
    }

    /// Waits for the next `count` bytes and puts them at the start of `bytes`.
    ///
    /// @throws RankException if the other rank is gone, or sends nothing for the time that a step may take
    public void receive(byte[] bytes, int count) {
        try {
            in.readFully(bytes, 0, count);
        } catch (IOException failure) {
            throw gone(failure);
        }
    }

    /// Gives up on a rank that sends nothing for `millis`.
    void limit(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    private RankException gone(IOException failure) {
        return new RankException(
                "ranks: the numbers of rank " + peer + " must arrive, but its connection ended or stood still ("
                        + failure.getMessage() + "); look at what it printed last",
                failure);
    }

    @Override
    public void close() {
        StoreServer.closeQuietly(socket);
    }
}
