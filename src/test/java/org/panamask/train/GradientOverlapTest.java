package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Collective;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Launches;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.Ranks;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Into;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;

/// When the sums of gradients over the ranks start, seen from the operations of the step.
final class GradientOverlapTest {
    /// Memory from an address on.
    private record Place(long address, long bytes) {
        static Place of(Tensor tensor) {
            return new Place(tensor.memory().address(), tensor.bytes());
        }
    }

    /// What happened: an operation, or the start of a sum, and the memory that it touched.
    private record Event(String name, List<Place> places) {
        boolean touches(Place bucket) {
            return places.stream()
                    .anyMatch(place ->
                            place.address() >= bucket.address() && place.address() < bucket.address() + bucket.bytes());
        }
    }

    /// Two ranks, of which the other brings nothing.
    private record Listening(List<Event> events) implements Collective {
        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int world() {
            return 2;
        }

        @Override
        public void sum(Tensor tensor) {
            events.add(new Event("sum", List.of(Place.of(tensor))));
        }

        @Override
        public void average(Tensor tensor) {
            sum(tensor);
        }

        @Override
        public void sumParts(Tensor tensor) {
            sum(tensor);
        }

        @Override
        public void gatherParts(Tensor tensor) {
            events.add(new Event("gather", List.of(Place.of(tensor))));
        }

        @Override
        public void join() {
            events.add(new Event("join", List.of()));
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @CsvSource({"false, REPLICATED", "true, REPLICATED", "false, SHARDED"})
    void theFirstBucketGoesOutBeforeTheLastGradientIsFormedAndNoneTooEarly(
            boolean recompute, RankSettings.Optimizer optimizer) {
        List<Event> events = new ArrayList<>();
        RankSettings sharing = RankSettings.defaults().with("bucket", "16KiB").with("optimizer", optimizer);
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
                Owner owner = backend.owner("model")) {
            Model model = backend.run(
                    "make", Precision.F32, ops -> Models.create(LlamaConfig.of(40, 32, 3, 4, 16), 7, ops, owner));
            Trainer.Method method = new Trainer.Method(
                    learning(),
                    TrainSettings.defaults().with("recompute", recompute),
                    new Team(Ranks.alone(), new Listening(events), sharing));
            try (Trainer trainer =
                    new Trainer(watched(backend, events), Precision.F32, model, model.parameters(), method)) {
                events.clear();
                trainer.step(
                        0,
                        IntStream.range(0, 4)
                                .mapToObj(GradientOverlapTest::rows)
                                .toList(),
                        1e-2);
            }
        }
        requireOverlap(events);
    }

    /// NCCL's sums, and how many commands were given to the GPU when each was enqueued, and at the end.
    private record Counting(Collective real, Backend backend, List<Long> sums, List<Long> joins) implements Collective {
        @Override
        public int rank() {
            return real.rank();
        }

        @Override
        public int world() {
            return real.world();
        }

        @Override
        public void sum(Tensor tensor) {
            real.sum(tensor);
            sums.add(Launches.of(backend).commands());
        }

        @Override
        public void average(Tensor tensor) {
            real.average(tensor);
        }

        @Override
        public void sumParts(Tensor tensor) {
            real.sumParts(tensor);
        }

        @Override
        public void gatherParts(Tensor tensor) {
            real.gatherParts(tensor);
        }

        @Override
        public void join() {
            joins.add(Launches.of(backend).commands());
            real.join();
        }

        @Override
        public void close() {
            real.close();
        }
    }

    /// A sum enqueues what the way back has formed so far and then itself; what the last sum enqueues is the end of
    /// the way back.
    @Test
    void ncclGetsTheFirstBucketBeforeTheGpuGetsTheLastKernels() {
        Emulator.require();
        BackendSettings settings = BackendSettings.defaults()
                .with("name", "cuda")
                .with("launch", Launching.EAGER)
                .with("device", "0");
        LocalRanks.run(2, ranks -> {
            try (Backend backend = Backends.open(settings);
                    Owner owner = backend.owner("model");
                    Collective real = backend.collective(ranks)) {
                Counting counting = new Counting(real, backend, new ArrayList<>(), new ArrayList<>());
                RankSettings sharing = RankSettings.defaults().with("bucket", "16KiB");
                Model model = backend.run(
                        "make", Precision.F32, ops -> Models.create(LlamaConfig.of(40, 32, 3, 4, 16), 7, ops, owner));
                Trainer.Method method =
                        new Trainer.Method(learning(), TrainSettings.defaults(), new Team(ranks, counting, sharing));
                try (Trainer trainer = new Trainer(backend, Precision.F32, model, model.parameters(), method)) {
                    trainer.step(0, List.of(rows(0), rows(1)), 1e-2);
                }
                List<Long> sums = counting.sums();
                assertThat(sums).hasSizeGreaterThan(4).isSorted();
                long last = counting.joins().getFirst();
                // More than a layer's kernels come after the first sum, and still some after the middle one.
                assertThat(last - sums.getFirst()).isGreaterThan(40);
                assertThat(last - sums.get(sums.size() / 2)).isGreaterThan(10);
                return sums;
            }
        });
    }

    private static Learning learning() {
        return Learning.of(
                new Objective.DdmSft(true, 1e-3, 1, LossNormalization.TOKEN_BOUND), new RowIds(1, 2, 3, 4, 5), 7);
    }

    private static void requireOverlap(List<Event> events) {
        List<String> names = events.stream().map(Event::name).toList();
        List<Integer> sums = IntStream.range(0, events.size())
                .filter(i -> names.get(i).equals("sum"))
                .boxed()
                .toList();
        int lastOfWayBack = IntStream.range(0, events.size())
                .filter(i -> names.get(i).endsWith("Backward"))
                .max()
                .orElseThrow();
        assertThat(sums).hasSizeGreaterThan(4);
        assertThat(sums.getFirst()).isLessThan(lastOfWayBack);
        // Most of them while the way back still runs, not all at its end.
        assertThat(sums.get(sums.size() / 2)).isLessThan(lastOfWayBack);
        int join = names.indexOf("join");
        assertThat(sums.getLast()).isLessThan(join);
        for (int sum : sums) {
            Place bucket = events.get(sum).places().getFirst();
            assertThat(events.subList(sum + 1, join)).noneMatch(event -> event.touches(bucket));
        }
    }

    private static TokenRows rows(int batch) {
        int[] ids = new int[16];
        Arrays.setAll(ids, i -> 6 + (i * 7 + batch) % 34);
        boolean[] maskable = new boolean[16];
        Arrays.fill(maskable, 4, 16, true);
        return TokenRows.of(1, 16, ids, maskable).withSamples(new long[] {batch});
    }

    private static Backend watched(Backend real, List<Event> events) {
        return proxy(Backend.class, (proxy, method, arguments) -> switch (method.getName()) {
            case "run" -> InvocationHandler.invokeDefault(proxy, method, arguments);
            case "submit" -> {
                @SuppressWarnings("unchecked")
                Function<BackwardOps, Object> work = (Function<BackwardOps, Object>) arguments[2];
                yield real.submit(
                        (String) arguments[0], (Precision) arguments[1], ops -> work.apply(watched(ops, events)));
            }
            default -> call(real, method, arguments);
        });
    }

    private static BackwardOps watched(BackwardOps real, List<Event> events) {
        return proxy(BackwardOps.class, (_, method, arguments) -> {
            if (!method.getName().equals("scoped") && arguments != null) {
                events.add(new Event(
                        method.getName(),
                        Stream.of(arguments)
                                .flatMap(GradientOverlapTest::tensors)
                                .map(Place::of)
                                .toList()));
            }
            return call(real, method, arguments);
        });
    }

    private static Stream<Tensor> tensors(Object argument) {
        return switch (argument) {
            case Tensor tensor -> Stream.of(tensor);
            case Into into -> Stream.of(into.tensor());
            case BackwardOps.CrossEntropyGradients gradients -> gradients.head().stream();
            default -> Stream.of();
        };
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object call(Object real, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
