package org.panamask.backend.cuda;

import java.io.PrintStream;
import java.time.Duration;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.launch.LaunchVariables;
import org.panamask.launch.RankException;
import org.panamask.launch.RankTimes;
import org.panamask.launch.Ranks;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// One rank in a process of its own: sums its number plus 1 with those of the others. With the argument `die` the last
/// rank ends without a word before.
final class RankProgram {
    private static final int DEAD = 9;

    private RankProgram() {}

    /// Runs one rank; the environment says which.
    public static void main(String[] arguments) {
        PrintStream out = System.out;
        RankTimes times = new RankTimes(Duration.ofSeconds(60), Duration.ofSeconds(60));
        try (Ranks ranks = Ranks.join(LaunchVariables.read(System.getenv()), times);
                CudaBackend backend = CudaBackend.open(
                        BackendSettings.defaults().with("name", "cuda").with("device", "0"));
                Collective collective = backend.collective(ranks);
                Owner owner = backend.owner("sums")) {
            if (arguments.length > 0 && ranks.place().rank() == ranks.place().world() - 1) {
                Runtime.getRuntime().halt(DEAD);
            }
            double result = backend.run("sum", Precision.F32, ops -> {
                Tensor tensor = ops.zeros(owner, Shape.of(1), DType.F32);
                ops.copy(ops.upload(Shape.of(1), new double[] {ranks.place().rank() + 1}), tensor);
                collective.sum(tensor);
                collective.join();
                double sum = ops.doubles(tensor)[0];
                collective.join();
                return sum;
            });
            out.println(result);
        } catch (RankException failure) {
            out.println(failure.getMessage());
            System.exit(1);
        }
    }
}
