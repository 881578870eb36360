package org.panamask.launch;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;

/// A rank's side of one connection to the store.
///
/// @param socket the connection
/// @param in what the store says
/// @param out what it is told
record StoreClient(Socket socket, DataInputStream in, DataOutputStream out) {
    private static final int TRY_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 100;

    /// Connects, trying again until the store of rank 0 is there.
    ///
    /// @throws RankException if it is not there in time, turns this rank away, or something else listens there
    static StoreClient open(Place place, Meeting meeting, Wire.Role role, Duration most) {
        long deadline = System.nanoTime() + most.toNanos();
        while (true) {
            try {
                return connect(place, meeting, role);
            } catch (SocketException | SocketTimeoutException | UnknownHostException | EOFException notYet) {
                if (System.nanoTime() >= deadline) {
                    throw new RankException(
                            "store: " + place.text() + " must reach rank 0 at port " + meeting.port() + " of "
                                    + meeting.host() + " within " + most.toSeconds() + " s, but " + notYet.getMessage()
                                    + "; look whether rank 0 runs, and whether the port is open between the machines",
                            notYet);
                }
                pause();
            } catch (IOException failure) {
                throw new RankException(
                        "store: " + place.text() + " must find the store of rank 0 at port " + meeting.port() + " of "
                                + meeting.host() + ", but something else listens there (" + failure.getMessage()
                                + "); set "
                                + LaunchVariables.PORT + " to a free port on every rank",
                        failure);
            }
        }
    }

    private static StoreClient connect(Place place, Meeting meeting, Wire.Role role) throws IOException {
        Socket socket = new Socket();
        boolean welcome = false;
        try {
            socket.connect(new InetSocketAddress(meeting.host(), meeting.port()), TRY_MILLIS);
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSoTimeout(TRY_MILLIS);
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            new Wire.Hello(role, place.rank(), place.world(), meeting.job()).write(out);
            byte answer = in.readByte();
            if (answer != Wire.OK && answer != Wire.REFUSED) {
                throw new IOException("its first byte is " + answer);
            }
            String reason = in.readUTF();
            if (answer != Wire.OK) {
                throw new RankException("store: " + reason);
            }
            socket.setSoTimeout(0);
            welcome = true;
            return new StoreClient(socket, in, out);
        } finally {
            if (!welcome) {
                StoreServer.closeQuietly(socket);
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new RankException("store: interrupted while rank 0 was waited for", stopped);
        }
    }

    void close() {
        StoreServer.closeQuietly(socket);
    }
}
