package org.panamask.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class RanksTest {
    private static final RankTimes SHORT = new RankTimes(Duration.ofSeconds(10), Duration.ofMillis(300));

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void everyRankGetsWhatAllBroughtInTheirOrder(int world) {
        List<List<double[]>> all = LocalRanks.run(world, ranks -> {
            ranks.await("the test");
            return ranks.gather("numbers", ranks.place().rank(), 0.1);
        });
        for (List<double[]> seen : all) {
            assertThat(seen)
                    .containsExactlyElementsOf(IntStream.range(0, world)
                            .mapToObj(rank -> new double[] {rank, 0.1})
                            .toList());
        }
    }

    @Test
    void oneRankThatWantsToStopStopsAll() {
        assertThat(LocalRanks.run(3, ranks -> ranks.any("stop", ranks.place().rank() == 2)))
                .containsExactly(true, true, true);
        assertThat(LocalRanks.run(2, ranks -> ranks.any("stop", false))).containsExactly(false, false);
    }

    @Test
    void aProcessAloneWaitsForNobody() {
        try (Ranks alone = Ranks.join(Launch.alone(), SHORT)) {
            alone.await("nothing");
            assertThat(alone.gather("numbers", 1, 2)).containsExactly(new double[] {1, 2});
            assertThat(alone.any("stop", true)).isTrue();
        }
    }

    @Test
    void theOthersHearWhyARankFailed() {
        assertThatExceptionOfType(Exception.class)
                .isThrownBy(() -> LocalRanks.run(3, ranks -> {
                    if (ranks.place().rank() == 1) {
                        throw new IllegalArgumentException("data: no such file");
                    }
                    return ranks.gather("step 0", 1);
                }))
                .havingCause()
                .isInstanceOf(RankException.class)
                .withMessage("rank 0 of 3 cannot go on: rank 1 of 3 failed: data: no such file");
    }

    @Test
    void theOthersHearThatARankDied() {
        List<Launch> launches = LocalRanks.launches(2);
        List<String> seen = LocalRanks.runEach(launches, launch -> {
            if (launch.place().rank() == 1) {
                StoreClient dying =
                        StoreClient.open(launch.place(), launch.meeting().orElseThrow(), Wire.Role.ASK, SHORT.start());
                dying.close();
                return "";
            }
            return failing(() -> Ranks.join(launch, SHORT).close());
        });
        assertThat(seen.getFirst())
                .startsWith("rank 0 of 2 cannot go on: rank 1 of 2 is gone without a word (")
                .endsWith("); look at what it printed last, and at the system's log for a kill");
    }

    @Test
    void aStoreThatSaysNothingIsTakenForDead() {
        List<String> seen = LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            Meeting meeting = launch.meeting().orElseThrow();
            if (launch.place().isFirst()) {
                try (Ranks ranks = Ranks.join(launch, SHORT)) {
                    while (ranks.failure().isEmpty()) {
                        Thread.onSpinWait();
                    }
                    return "";
                }
            }
            try (Ranks ranks = JoinedRanks.join(launch.place(), meeting, SHORT, 300)) {
                return failing(() -> ranks.await("what never comes"));
            }
        });
        assertThat(seen.getLast())
                .startsWith("rank 1 of 2 cannot go on: rank 0, which keeps the store, is gone (Read timed out)");
    }

    @Test
    void aRankKnowsOfItsFailureWhenTheStoreDoesNotAnswer() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            List<Socket> open = new CopyOnWriteArrayList<>();
            Thread.ofVirtual().start(() -> answerTheStartOnly(silent, open));
            Meeting meeting = new Meeting("127.0.0.1", silent.getLocalPort(), "test");
            try (Ranks ranks = JoinedRanks.join(new Place(1, 2, 1, 2), meeting, SHORT, 60_000)) {
                assertThat(ranks.failure()).isEmpty();
                ranks.fail(new IllegalStateException("its device is lost"));
                assertThat(failing(() -> ranks.await("the end")))
                        .isEqualTo("rank 1 of 2 cannot go on: its device is lost");
            }
            for (Socket each : open) {
                each.close();
            }
        }
    }

    /// Welcomes a rank and lets it start, then says nothing.
    private static void answerTheStartOnly(ServerSocket silent, List<Socket> open) {
        try {
            for (int connection = 0; connection < 2; connection++) {
                Socket peer = silent.accept();
                open.add(peer);
                DataInputStream in = new DataInputStream(peer.getInputStream());
                DataOutputStream out = new DataOutputStream(peer.getOutputStream());
                boolean asks = Wire.Hello.read(in).role() == Wire.Role.ASK;
                out.writeByte(Wire.OK);
                out.writeUTF("");
                if (asks) {
                    out.writeByte(Wire.OK);
                    out.writeInt(0);
                }
            }
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }

    @Test
    void aRankThatComesTooLateIsNamed() {
        List<Launch> launches = LocalRanks.launches(2);
        CompletableFuture<Void> over = new CompletableFuture<>();
        List<String> seen = LocalRanks.runEach(launches, launch -> {
            try (Ranks ranks = Ranks.join(launch, SHORT)) {
                if (launch.place().rank() == 1) {
                    over.join();
                    return failing(() -> ranks.gather("step 3", 0));
                }
                String message = failing(() -> ranks.gather("step 3", 0));
                over.complete(null);
                return message;
            }
        });
        assertThat(seen.getFirst())
                .contains("rank 0 of 2 waited 300 ms at 'step 3' for ranks [1]; look at what they print");
        assertThat(seen.getLast()).startsWith("rank 1 of 2 cannot go on: rank 0 of 2 waited");
    }

    @Test
    void ranksThatDoDifferentThingsAreFoundOut() {
        List<String> seen = LocalRanks.run(
                2, ranks -> failing(() -> ranks.gather("step " + ranks.place().rank(), 0)));
        assertThat(seen).allMatch(message -> message.contains("all ranks must run the same recipe"));
    }

    @Test
    void ranksWithOtherDataAreFoundOut() {
        List<String> seen = LocalRanks.run(
                2,
                ranks -> failing(() -> ranks.requireSame(
                        "the rows", new byte[] {(byte) ranks.place().rank()})));
        assertThat(seen)
                .containsOnly("ranks: the rows must be the same on every rank, but rank 1 has another than rank 0;"
                        + " start all ranks with the same files and the same version");
    }

    @Test
    void aRankThatIsThereAlreadyIsTurnedAway() {
        List<Launch> launches = LocalRanks.launches(2);
        List<Launch> twins = List.of(launches.get(0), launches.get(1), launches.get(1));
        CountDownLatch turnedAway = new CountDownLatch(1);
        List<String> seen = LocalRanks.runEach(twins, launch -> {
            String said = failing(() -> {
                try (Ranks _ = Ranks.join(launch, SHORT)) {
                    stay(turnedAway);
                }
            });
            if (!said.equals("nothing failed")) {
                turnedAway.countDown();
            }
            return said;
        });
        assertThat(seen).contains("store: rank 1 of 2 is there already; give every process a rank of its own");
    }

    private static void stay(CountDownLatch until) {
        try {
            assertThat(until.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    @Test
    void aRankOfAnotherLaunchIsTurnedAway() {
        Launch launch = LocalRanks.launches(2).getFirst();
        Meeting meeting = launch.meeting().orElseThrow();
        StoreServer server = StoreServer.open(launch.place(), meeting);
        try {
            Place third = new Place(2, 3, 2, 3);
            assertThat(failing(() -> StoreClient.open(third, meeting, Wire.Role.ASK, SHORT.start())))
                    .isEqualTo("store: rank 2 of 3 came to a launch of 2; start all ranks with the same number of"
                            + " ranks");
            Meeting other = new Meeting(meeting.host(), meeting.port(), "another job");
            assertThat(failing(() -> StoreClient.open(new Place(1, 2, 1, 2), other, Wire.Role.ASK, SHORT.start())))
                    .startsWith("store: rank 1 belongs to another launch; set PANAMASK_MASTER_PORT");
        } finally {
            server.abandon();
        }
    }

    @Test
    void somethingElseAtThePortIsSaid() throws IOException {
        try (ServerSocket web = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket visitor = web.accept()) {
                    visitor.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n".getBytes(StandardCharsets.US_ASCII));
                    visitor.getInputStream().read();
                } catch (IOException _) {
                    // The test's end closes it.
                }
            });
            Launch launch = new Launch(
                    new Place(1, 2, 1, 2), Optional.of(new Meeting("127.0.0.1", web.getLocalPort(), "")), "test");
            assertThat(failing(() -> Ranks.join(launch, SHORT).close()))
                    .contains("but something else listens there (its first byte is 72); set PANAMASK_MASTER_PORT");
        }
    }

    @Test
    void aTakenPortIsSaid() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Launch launch = new Launch(
                    new Place(0, 2, 0, 2), Optional.of(new Meeting("127.0.0.1", taken.getLocalPort(), "")), "test");
            assertThat(failing(() -> Ranks.join(launch, SHORT).close()))
                    .startsWith("store: rank 0 must listen at port " + taken.getLocalPort() + " of 127.0.0.1, but ")
                    .endsWith("; set PANAMASK_MASTER_PORT to a free port on every rank");
        }
    }

    @Test
    void aRankZeroThatNeverComesIsSaid() {
        Launch launch = LocalRanks.launches(2).getLast();
        assertThat(failing(() -> Ranks.join(launch, new RankTimes(Duration.ofMillis(200), SHORT.step()))
                        .close()))
                .contains("rank 1 of 2 must reach rank 0 at port ", "; look whether rank 0 runs");
    }

    @Test
    void badPeersCannotCrashTheStore() {
        List<Launch> launches = LocalRanks.launches(2);
        int port = launches.getFirst().meeting().orElseThrow().port();
        List<List<double[]>> seen = LocalRanks.runEach(launches, launch -> {
            try (Ranks ranks = Ranks.join(launch, new RankTimes(Duration.ofSeconds(20), Duration.ofSeconds(20)))) {
                if (launch.place().isFirst()) {
                    throwRubbishAt(port);
                }
                return ranks.gather("after the rubbish", launch.place().rank());
            }
        });
        assertThat(seen).allSatisfy(all -> assertThat(all).containsExactly(new double[] {0}, new double[] {1}));
    }

    private static void throwRubbishAt(int port) {
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            byte[] rubbish = new byte[random.nextInt(64)];
            random.nextBytes(rubbish);
            if (i % 3 == 0 && rubbish.length > 8) {
                System.arraycopy(new byte[] {0x50, 0x4D, 0x53, 0x4B, 1, (byte) (i % 5)}, 0, rubbish, 0, 6);
            }
            try (Socket peer = new Socket("127.0.0.1", port);
                    OutputStream out = peer.getOutputStream()) {
                out.write(rubbish);
            } catch (IOException _) {
                // Being turned away is what the rubbish deserves.
            }
        }
    }

    private static String failing(Runnable work) {
        try {
            work.run();
            return "nothing failed";
        } catch (RankException failure) {
            return String.valueOf(failure.getMessage());
        }
    }
}
