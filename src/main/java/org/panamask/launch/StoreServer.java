package org.panamask.launch;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// The store that rank 0 keeps: a small TCP server at which ranks meet and hear of each other's failures. Whoever else
/// connects is turned away; nothing that comes in can stop it. Close it last of all ranks' things.
final class StoreServer implements AutoCloseable {
    private static final int HELLO_MILLIS = 10_000;
    private static final int STRANGERS = 32;
    private static final Duration END = Duration.ofSeconds(30);
    private static final Duration NEWS = Duration.ofSeconds(2);

    private final ServerSocket socket;
    private final Place place;
    private final Meeting meeting;
    private final StoreState state;
    private final DataLinks links;
    private final Set<String> present = ConcurrentHashMap.newKeySet();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Set<Thread> watches = ConcurrentHashMap.newKeySet();
    private final Semaphore strangers = new Semaphore(STRANGERS);

    private StoreServer(ServerSocket socket, Place place, Meeting meeting) {
        this.socket = socket;
        this.place = place;
        this.meeting = meeting;
        this.state = new StoreState(place.world());
        this.links = new DataLinks(place.world());
    }

    /// Listens where `meeting` says: at that address if it is one of this machine, else at all of them.
    ///
    /// @throws RankException if the port is taken
    static StoreServer open(Place place, Meeting meeting) {
        ServerSocket socket = null;
        try {
            socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(own(place, meeting), meeting.port()), 2 * place.world() + STRANGERS);
        } catch (IOException failure) {
            closeQuietly(socket);
            throw new RankException(
                    "store: rank 0 must listen at port " + meeting.port() + " of " + meeting.host() + ", but "
                            + failure.getMessage() + "; set " + LaunchVariables.PORT + " to a free port on every rank",
                    failure);
        }
        StoreServer server = new StoreServer(socket, place, meeting);
        Thread.ofVirtual().name("store").start(server::accept);
        return server;
    }

    /// A machine may know its own name by a loopback address that no other machine reaches.
    private static InetAddress own(Place place, Meeting meeting) throws IOException {
        InetAddress named = InetAddress.getByName(meeting.host());
        boolean reachable = named.isLoopbackAddress()
                ? place.localWorld() == place.world()
                : NetworkInterface.getByInetAddress(named) != null;
        return reachable ? named : new InetSocketAddress(0).getAddress();
    }

    /// The connections over which ranks exchange the numbers of tensors.
    DataLinks links() {
        return links;
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket peer = socket.accept();
                if (strangers.tryAcquire()) {
                    Thread.ofVirtual().name("store connection").start(() -> welcome(peer));
                } else {
                    closeQuietly(peer);
                }
            } catch (IOException _) {
                rest();
            }
        }
    }

    /// Either the store is closed, or there are no sockets left for a while.
    private static void rest() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Reads who it is, within seconds, and serves it if it is one of the ranks.
    private void welcome(Socket peer) {
        Wire.Hello hello;
        DataOutputStream out;
        DataInputStream in;
        try {
            peer.setSoTimeout(HELLO_MILLIS);
            peer.setTcpNoDelay(true);
            peer.setKeepAlive(true);
            in = new DataInputStream(new BufferedInputStream(peer.getInputStream()));
            out = new DataOutputStream(new BufferedOutputStream(peer.getOutputStream()));
            hello = Wire.Hello.read(in);
            if (!admit(hello, out)) {
                closeQuietly(peer);
                return;
            }
        } catch (IOException _) {
            closeQuietly(peer);
            return;
        } finally {
            strangers.release();
        }
        connections.add(peer);
        serve(new StoreConnection(hello.rank(), place.world(), peer, in, out), hello.role());
    }

    private boolean admit(Wire.Hello hello, DataOutputStream out) throws IOException {
        String refusal = "";
        if (hello.world() != place.world() || hello.rank() < 0 || hello.rank() >= place.world()) {
            refusal = "rank " + hello.rank() + " of " + hello.world() + " came to a launch of " + place.world()
                    + "; start all ranks with the same number of ranks";
        } else if (!hello.job().equals(meeting.job())) {
            refusal = "rank " + hello.rank() + " belongs to another launch; set " + LaunchVariables.PORT
                    + " to another port for one of the two";
        } else if (!present.add(hello.role() + " " + hello.rank())) {
            refusal = "rank " + hello.rank() + " of " + hello.world()
                    + " is there already; give every process a rank of its own";
        }
        out.writeByte(refusal.isEmpty() ? Wire.OK : Wire.REFUSED);
        out.writeUTF(refusal);
        out.flush();
        return refusal.isEmpty();
    }

    private void serve(StoreConnection connection, Wire.Role role) {
        switch (role) {
            case ASK -> connection.answer(state);
            case WATCH -> {
                watches.add(Thread.currentThread());
                connection.watch(state);
                watches.remove(Thread.currentThread());
            }
            case DATA -> {
                // Whoever takes the link closes it.
                links.arrived(connection.rank(), connection.link());
                return;
            }
        }
        connections.remove(connection.socket());
        closeQuietly(connection.socket());
    }

    /// Waits until the others have left or heard of the failure, then closes every connection.
    @Override
    public void close() {
        try {
            state.awaitEnd(END);
            if (state.failure().isPresent()) {
                for (Thread watch : List.copyOf(watches)) {
                    watch.join(NEWS);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        abandon();
    }

    /// Closes every connection at once.
    void abandon() {
        closeQuietly(socket);
        connections.forEach(StoreServer::closeQuietly);
    }

    static void closeQuietly(@Nullable AutoCloseable open) {
        if (open != null) {
            try {
                open.close();
            } catch (Exception _) {
                // It is of no use any more either way.
            }
        }
    }
}
