package org.panamask.plan;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.backend.ShapeBackend;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.WeightSource;
import org.panamask.config.ByteSize;
import org.panamask.data.RowIds;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.diffusion.TokenRows;
import org.panamask.launch.Ranks;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.Team;
import org.panamask.train.TokenGrowth;
import org.panamask.train.Trainer;

/// What a training run holds and computes: the very code of a training step, run over shapes instead of numbers. The
/// step is the largest there can be: whole micro-batches of the longest rows, with every token masked.
///
/// @param parameters numbers in the model, adapters included
/// @param trained numbers that training changes
/// @param owners bytes by owner: weights, adapter, optimizer, and the arena of the jobs
/// @param flops floating-point operations of one optimizer step, by operation
public record MemoryPlan(long parameters, long trained, Map<String, Long> owners, Map<String, Long> flops) {
    /// The owner of what a job makes.
    private static final String ARENA = "arena";

    private static final RowIds SPECIAL = new RowIds(0, 0, 0, 0, 0);

    /// Copies the maps.
    public MemoryPlan {
        owners = Map.copyOf(owners);
        flops = Map.copyOf(flops);
    }

    /// Plans `recipe` on a backend that holds what `model` says, for rows of `columns` tokens. Reads `config.json`
    /// and the headers of weights and adapters only.
    ///
    /// @throws org.panamask.model.ModelException if the family of the model is not known
    /// @throws org.panamask.checkpoint.CheckpointException if a file is missing or wrong
    /// @throws org.panamask.config.SettingException if the adapter does not fit the model
    public static MemoryPlan of(Recipe recipe, MemoryModel model, int columns) {
        return ofRank(recipe, model, columns, 1);
    }

    /// Plans one of `world` ranks that run `recipe` together. Its operations are not those of the whole step.
    public static MemoryPlan ofRank(Recipe recipe, MemoryModel model, int columns, int world) {
        Team team = new Team(Ranks.alone(), Collective.imagined(world), recipe.ranks());
        return of(
                recipe,
                new Place(model, columns, team),
                (ops, owner, trainable) -> model(recipe.model(), ops, owner, trainable));
    }

    /// Plans `recipe` with the model of `config` instead of its own.
    ///
    /// @throws org.panamask.model.ModelException if the family of the model is not known
    /// @throws org.panamask.config.SettingException if the adapter does not fit the model
    public static MemoryPlan of(Recipe recipe, ModelConfig config, MemoryModel model, int columns) {
        return of(
                recipe,
                new Place(model, columns, Team.alone()),
                (ops, owner, trainable) -> Models.shapes(Models.config(config), stored(config), ops, owner, trainable));
    }

    @FunctionalInterface
    private interface ModelMaker {
        Model make(BackwardOps ops, Owner owner, boolean trainable);
    }

    /// What a plan is for besides the recipe.
    private record Place(MemoryModel model, int columns, Team team) {}

    private static MemoryPlan of(Recipe recipe, Place place, ModelMaker maker) {
        Precision precision = recipe.backend().dtype();
        int columns = place.columns();
        ShapeBackend shapes = new ShapeBackend(precision, place.model());
        Owner weights = shapes.owner("weights");
        Owner branches = shapes.owner("adapter");
        boolean whole = recipe.lora().isEmpty() && recipe.model().adapter().isEmpty();
        Model planned = shapes.run("load", precision, ops -> maker.make(ops, weights, whole));
        Optional<Adapter> adapter =
                shapes.run("load adapter", precision, ops -> adapter(recipe, planned, ops, branches));
        Parameters trained = adapter.map(Adapter::parameters).orElseGet(planned::parameters);
        Learning learning = Learning.of(recipe.objective(), SPECIAL, MemoryPlan::everythingHidden, 0);
        Trainer.Method method = new Trainer.Method(learning, recipe.train(), place.team());
        try (Trainer trainer = new Trainer(shapes, precision, planned, trained, method)) {
            TokenRows rows = rows(recipe, recipe.train().microBatch(), columns);
            trainer.step(0, List.of(rows), 1);
            Map<String, Long> one = shapes.flops(Trainer.STEP);
            trainer.step(0, List.of(rows, rows), 1);
            Map<String, Long> three = shapes.flops(Trainer.STEP);
            if (recipe.train().evalBatch() > 0 && validates(recipe)) {
                trainer.evaluate(
                        learning, 0, List.of(rows(recipe, recipe.train().evalBatch(), columns)));
            }
            return new MemoryPlan(
                    planned.parameters().count() + added(adapter),
                    trained.trainable().stream()
                            .mapToLong(weight -> weight.shape().count())
                            .sum(),
                    shapes.ledger().owners(),
                    flops(one, three, recipe.train().accumulate()));
        }
    }

    private static boolean validates(Recipe recipe) {
        return recipe.data().valSize() > 0
                || recipe.data().validation().isPresent()
                || !recipe.data().evalDataset().isEmpty();
    }

    private static long added(Optional<Adapter> adapter) {
        return adapter.map(one -> one.parameters().count()).orElse(0L);
    }

    /// What a step of `windows` micro-batches counts, from one of 1 and the sum of that and one of 2: the
    /// optimizer's part does not grow with them.
    private static Map<String, Long> flops(Map<String, Long> one, Map<String, Long> three, int windows) {
        Map<String, Long> step = new TreeMap<>();
        three.forEach((operation, sum) -> {
            long first = one.getOrDefault(operation, 0L);
            step.put(operation, first + (sum - 2 * first) * (windows - 1L));
        });
        return step;
    }

    /// The latest times, at which every token is hidden, and nothing cut.
    private static float everythingHidden(NoisePurpose purpose, long sample, int position, int step) {
        return purpose == NoisePurpose.MASK ? 0 : Math.nextDown(1f);
    }

    private static TokenRows rows(Recipe recipe, int batch, int columns) {
        int[] ids = new int[batch * columns];
        Arrays.fill(ids, 1);
        boolean[] maskable = new boolean[ids.length];
        Arrays.fill(maskable, true);
        if (recipe.objective() instanceof MdlmObjective mdlm && mdlm.shifts()) {
            for (int b = 0; b < batch; b++) {
                maskable[b * columns] = false;
            }
        }
        return TokenRows.of(batch, columns, ids, maskable);
    }

    private static Model model(ModelSettings settings, BackwardOps ops, Owner owner, boolean trainable) {
        boolean random = settings.init() == ModelSettings.Init.RANDOM;
        ModelConfig config = HubFolder.config(settings.path());
        DType stored =
                random ? DType.F32 : HubFolder.hasWeights(settings.path()) ? stored(settings.path()) : stored(config);
        return Models.shapes(TokenGrowth.architecture(settings), stored, ops, owner, trainable || random);
    }

    /// The type of most numbers of a folder with weights, by their headers.
    private static DType stored(Path folder) {
        try (HubFolder opened = HubFolder.open(folder)) {
            Map<DType, Long> counts = new EnumMap<>(DType.class);
            for (String name : opened.names()) {
                WeightSource tensor = opened.tensor(name);
                counts.merge(tensor.dtype(), tensor.shape().count(), Long::sum);
            }
            return counts.entrySet().stream()
                    .max(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey)
                    .orElse(DType.F32);
        }
    }

    /// The type of the weights of a model whose settings alone are there.
    private static DType stored(ModelConfig config) {
        String name = config.stringOr("dtype", config.stringOr("torch_dtype", "float32"));
        return switch (name) {
            case "float32" -> DType.F32;
            case "float16" -> DType.F16;
            case "bfloat16" -> DType.BF16;
            default -> throw config.refused("torch_dtype", "float32, float16 or bfloat16");
        };
    }

    /// The adapter that stays beside the model; others are merged before and leave nothing.
    private static Optional<Adapter> adapter(Recipe recipe, Model model, BackwardOps ops, Owner owner) {
        List<Path> given = recipe.model().adapter();
        boolean fresh = recipe.lora().map(LoraSettings::createNewAdapter).orElse(false);
        if (!given.isEmpty() && !fresh) {
            try (PeftAdapter file = PeftAdapter.open(given.getLast(), model.naming())) {
                Adapter further = Adapter.load(model, file, ops, owner, true);
                recipe.lora().ifPresent(asked -> further.goOn(asked, given.getLast()));
                return Optional.of(further);
            }
        }
        return recipe.lora().map(lora -> Adapter.create(model, whole(lora, recipe, model), 0, ops, owner));
    }

    private static LoraSettings whole(LoraSettings lora, Recipe recipe, Model model) {
        return recipe.model().addsMaskToken()
                ? TokenGrowth.withTables(lora, model.config(), recipe.model().path())
                : lora;
    }

    /// Bytes of everything at once.
    public long total() {
        return owners.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Bytes that the largest job needs.
    public long arena() {
        return owners.getOrDefault(ARENA, 0L);
    }

    /// Floating-point operations of one optimizer step.
    public long totalFlops() {
        return flops.values().stream().mapToLong(Long::longValue).sum();
    }

    /// The owners and their sizes, the largest first: `weights 12.55 GiB, arena 3.20 GiB`.
    public String parts() {
        return owners.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(owner -> owner.getKey() + " " + ByteSize.show(owner.getValue()))
                .reduce((all, owner) -> all + ", " + owner)
                .orElse("nothing");
    }
}
