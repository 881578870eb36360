package org.panamask;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.stream.Stream;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.config.SettingException;
import org.panamask.data.Row;
import org.panamask.launch.Launch;
import org.panamask.launch.Place;
import org.panamask.launch.Ranks;
import org.panamask.train.Recipe;
import org.panamask.train.Team;
import org.panamask.train.TrainingData;

/// The ranks of a run, from their meeting to their parting. A process alone is a team of one, and waits for nobody.
final class RunTeam implements AutoCloseable {
    private final Ranks ranks;
    private Collective collective = Collective.alone();

    private RunTeam(Ranks ranks) {
        this.ranks = ranks;
    }

    /// Meets the other ranks of `launch`.
    ///
    /// @throws SettingException if a step of `recipe` has fewer micro-batches than there are ranks
    /// @throws org.panamask.launch.RankException if the others do not come
    static RunTeam join(Launch launch, Recipe recipe) {
        int world = launch.place().world();
        if (recipe.train().accumulate() < world) {
            throw new SettingException("train.accumulate must be at least the number of ranks, " + world
                    + ", because its micro-batches are shared among them, not "
                    + recipe.train().accumulate() + "; a step of as many rows as before has accumulate: " + world
                    + " and a micro_batch " + world + " times smaller");
        }
        return new RunTeam(Ranks.join(launch, recipe.ranks().times()));
    }

    /// Settings of the backend for this process, where the recipe leaves them open: of several ranks it takes the
    /// device of its place on the machine, and its share of the cores.
    BackendSettings placed(BackendSettings settings) {
        if (place().world() == 1) {
            return settings;
        }
        BackendSettings placed = settings.device().equals("auto")
                ? settings.with("device", String.valueOf(place().localRank()))
                : settings;
        int local = place().localWorld();
        return local > 1 && settings.threads() == 0
                ? placed.with("threads", Math.max(1, Runtime.getRuntime().availableProcessors() / local))
                : placed;
    }

    /// Where this process stands.
    Place place() {
        return ranks.place();
    }

    /// Checks that all ranks train the same, and opens what sums their tensors.
    Team agreed(Recipe recipe, TrainingData data, Backend backend) {
        if (place().world() > 1) {
            ranks.requireSame("what the recipe says of the training", digest(settings(recipe)));
            ranks.requireSame("the training and validation rows", digest(rows(data)));
        }
        collective = backend.collective(ranks);
        return new Team(ranks, collective, recipe.ranks());
    }

    private static Stream<byte[]> settings(Recipe recipe) {
        String text = recipe.objective() + " " + recipe.lora() + " " + recipe.train() + " " + recipe.ranks() + " "
                + recipe.backend().dtype();
        return Stream.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Stream<byte[]> rows(TrainingData data) {
        return Stream.concat(data.training().stream().flatMap(pack -> pack.rows().stream()), data.validation().stream())
                .map(RunTeam::bytes);
    }

    private static byte[] bytes(Row row) {
        ByteBuffer bytes = ByteBuffer.allocate((row.ids().length + 1) * Integer.BYTES);
        bytes.putInt(row.sourceLength());
        bytes.asIntBuffer().put(row.ids());
        return bytes.array();
    }

    private static byte[] digest(Stream<byte[]> parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            parts.forEach(digest::update);
            return digest.digest();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /// Whether any rank was asked to stop before `step`: the same answer on all of them.
    boolean anyStops(long step, boolean mine) {
        return ranks.any("the start of step " + step, mine);
    }

    /// Does on rank 0 what only one process may do, while the others wait. All have come as far before, so that
    /// nothing is written of a step that another rank did not live through.
    void once(String what, Runnable work) {
        ranks.await("the way to " + what);
        if (place().isFirst()) {
            work.run();
        }
        ranks.await(what);
    }

    /// Tells the others why this rank cannot go on.
    void fail(Throwable why) {
        ranks.fail(why);
    }

    @Override
    public void close() {
        try {
            collective.close();
        } finally {
            ranks.close();
        }
    }
}
