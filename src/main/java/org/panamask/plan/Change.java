package org.panamask.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.panamask.backend.Precision;
import org.panamask.config.ByteSize;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.MemoryModel;
import org.panamask.train.Recipe;

/// A change of a recipe that makes its run smaller.
///
/// @param keys what to write into the recipe
/// @param cost what it costs
/// @param plan the run with the change
public record Change(String keys, String cost, MemoryPlan plan) {
    private static final int SHOWN = 3;

    /// A way to make runs smaller.
    private record Way(String cost, List<Step> steps) {}

    private record Step(String keys, UnaryOperator<Recipe> change) {}

    /// The cheapest changes with which `recipe` needs at most `limit` bytes: at most three, the cheapest first.
    /// Where no single one is enough, they are taken together, one more at a time.
    ///
    /// @param recipe the run that is too large
    /// @param model what the backend holds besides tensors
    /// @param columns tokens of its longest row
    /// @param limit bytes that there are
    public static List<Change> cheapest(Recipe recipe, MemoryModel model, int columns, long limit) {
        List<Change> fitting = new ArrayList<>();
        for (Way way : ways(recipe, columns)) {
            way.steps().stream()
                    .map(step -> change(recipe, way, step, model, columns))
                    .filter(change -> change.plan().total() <= limit)
                    .findFirst()
                    .ifPresent(fitting::add);
        }
        return fitting.isEmpty()
                ? together(recipe, model, columns, limit)
                : List.copyOf(fitting.subList(0, Math.min(SHOWN, fitting.size())));
    }

    private static Change change(Recipe recipe, Way way, Step step, MemoryModel model, int columns) {
        Recipe changed = step.change().apply(recipe);
        return new Change(
                step.keys(),
                way.cost(),
                MemoryPlan.of(changed, model, Math.min(columns, changed.data().maxTokens())));
    }

    /// The strongest step of each way on top of those before.
    private static List<Change> together(Recipe recipe, MemoryModel model, int columns, long limit) {
        Recipe changed = recipe;
        List<String> keys = new ArrayList<>();
        List<String> costs = new ArrayList<>();
        for (Way way : ways(recipe, columns)) {
            Step strongest = way.steps().getLast();
            changed = strongest.change().apply(changed);
            keys.add(strongest.keys());
            costs.add(way.cost());
            MemoryPlan plan = MemoryPlan.of(
                    changed, model, Math.min(columns, changed.data().maxTokens()));
            if (plan.total() <= limit) {
                return List.of(new Change(String.join(" with ", keys), String.join("; ", costs), plan));
            }
        }
        return List.of();
    }

    /// From the cheapest to the dearest.
    private static List<Way> ways(Recipe recipe, int columns) {
        List<Way> ways = new ArrayList<>();
        List<Step> smaller = new ArrayList<>();
        int batch = recipe.train().microBatch();
        for (int cut = 2; cut <= batch; cut *= 2) {
            if (batch % cut == 0) {
                int rows = batch / cut;
                int windows = recipe.train().accumulate() * cut;
                smaller.add(new Step(
                        "train.micro_batch: " + rows + " with train.accumulate: " + windows,
                        one -> one.with(
                                "train", one.train().with("micro_batch", rows).with("accumulate", windows))));
            }
        }
        add(ways, "as many rows a step, in smaller products", smaller);
        if (!recipe.train().recompute()) {
            add(
                    ways,
                    "computes each layer forward once more",
                    List.of(new Step(
                            "train.recompute: true",
                            one -> one.with("train", one.train().with("recompute", true)))));
        }
        if (recipe.backend().dtype() == Precision.F32) {
            add(
                    ways,
                    "rounds weights and activations to 16 bits, where the backend can",
                    List.of(new Step(
                            "backend.dtype: bf16",
                            one -> one.with("backend", one.backend().with("dtype", Precision.BF16)))));
        }
        if (recipe.lora().isEmpty() && recipe.model().adapter().isEmpty()) {
            add(
                    ways,
                    "trains low-rank branches instead of all weights",
                    List.of(new Step(
                            "lora: {rank: 16}",
                            one -> one.with("lora", LoraSettings.defaults().with("rank", 16)))));
        }
        List<Step> shorter = new ArrayList<>();
        for (int tokens = columns / 2; tokens >= 64; tokens /= 2) {
            int most = tokens;
            shorter.add(new Step(
                    "data.max_tokens: " + most,
                    one -> one.with("data", one.data().with("max_tokens", most))));
        }
        add(ways, "cuts longer rows", shorter);
        return ways;
    }

    private static void add(List<Way> ways, String cost, List<Step> steps) {
        if (!steps.isEmpty()) {
            ways.add(new Way(cost, List.copyOf(steps)));
        }
    }

    /// For people: keys, what they cost, and the size they lead to.
    public String text() {
        return keys + " (" + ByteSize.show(plan.total()) + "; " + cost + ")";
    }
}
