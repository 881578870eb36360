package org.panamask.sampling;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/// One row while it is decoded block by block.
final class BlockRow {
    private final Decoding decoding;
    private final BlockCanvas canvas;
    private final List<Window> blocks;
    private final Optional<Integer> stepsPerBlock;
    private int blockSteps;
    private final Optional<Credits> credits;
    private final RowWork work;
    private int block = -1;
    private int step;
    private int clock;
    private int postSteps;
    private boolean changed;
    private boolean done;
    private Optional<BlockRule> rule = Optional.empty();
    private BlockStep at = new BlockStep(0, List.of(), 0, 0, 0);
    private List<Integer> wanted = List.of();
    private Feed feed;
    private boolean forced;
    private final Optional<Feeding> feeding;
    private final BitSet expected = new BitSet();

    /// @param shared the number of blocks over which steps are shared out; 0 for those of the row
    BlockRow(BlockCanvas canvas, Decoding decoding, int shared) {
        this.decoding = decoding;
        this.canvas = canvas;
        this.blocks = canvas.blocks();
        int over = Math.max(shared, blocks.size());
        this.stepsPerBlock = decoding.settings().steps().map(steps -> Math.ceilDiv(steps, Math.max(1, over)));
        this.credits = decoding.transfer() == TransferSettings.Rule.CREDIT
                ? Optional.of(new Credits(decoding.settings().transfer()))
                : Optional.empty();
        this.work = new RowWork(canvas.length());
        this.feed = new Feed(new Window(0, canvas.length()), true);
        this.feeding = Optional.of(decoding.settings().cache())
                .filter(CacheSettings::isOn)
                .map(cache ->
                        new Feeding(cache, canvas.length(), decoding.refers(Reference.DINFER), cache.feedPrevious()));
        canvas.hook(-1);
    }

    BlockCanvas canvas() {
        return canvas;
    }

    RowWork work() {
        return work;
    }

    int place() {
        return canvas.place();
    }

    long sample() {
        return canvas.sample();
    }

    int clock() {
        return clock;
    }

    Optional<Credits> credits() {
        return credits;
    }

    int[] ids() {
        return canvas.ids();
    }

    int[] withoutPrompt() {
        return canvas.withoutPrompt();
    }

    int length() {
        return canvas.length();
    }

    int steps() {
        return stepsPerBlock.map(steps -> steps * blocks.size()).orElse(canvas.freeCount());
    }

    /// Where the row is now.
    BlockStep at() {
        return at;
    }

    /// What names the random number of a column's token.
    GivenNoise.Place drawing(int column) {
        return new GivenNoise.Place(sample(), column, wanted.indexOf(column), clock);
    }

    /// The window of the block that is being filled in.
    Window window() {
        return blocks.get(block);
    }

    /// Goes on to the next step that needs a pass, and says whether there is one. `masks` counts hidden columns
    /// where an engine counts them over its batch.
    boolean advance(DoubleSupplier masks) {
        if (block < 0) {
            enter();
        }
        while (!done && block < blocks.size()) {
            List<Integer> hidden = candidates();
            if (leaves(hidden)) {
                leave();
                continue;
            }
            float left = decoding.refers(Reference.DREAM) ? (float) masks.getAsDouble() : hidden.size();
            at = new BlockStep(sample(), hidden, step, clock, left);
            forced = decoding.opensFirst() && canvas.isHidden(window().from());
            feed = feeding.map(state -> state.feed(window(), forced)).orElse(feed);
            if (hidden.isEmpty()
                    && editable().isEmpty()
                    && (decoding.saves() && !decoding.hooks().wantsAll() || feeding.isPresent())) {
                // Nothing that could still change is predicted by what a pass would be fed.
                leave();
                continue;
            }
            wanted = forced ? List.of(window().from()) : rule.orElseThrow().wanted(at);
            if (!wanted.isEmpty()
                    || !editable().isEmpty()
                    || !decoding.saves()
                    || decoding.hooks().wantsAll()
                    || decoding.settings().soft().isOn()) {
                feeding.ifPresent(state -> state.passed(window(), forced));
                return true;
            }
            work.skipped();
            next();
        }
        return false;
    }

    private boolean leaves(List<Integer> hidden) {
        BlockRule now = rule.orElseThrow();
        if (now.isOver(step)) {
            return true;
        }
        if (!hidden.isEmpty()) {
            return false;
        }
        if (edits() && postSteps < decoding.settings().editing().maxPostSteps() && (changed || postSteps == 0)) {
            return false;
        }
        return decoding.saves() && !decoding.hooks().wantsAll() || now.passes() < 0;
    }

    private boolean edits() {
        return decoding.settings().editing().editThreshold().isPresent();
    }

    private void enter() {
        block++;
        step = 0;
        postSteps = 0;
        credits.ifPresent(Credits::clear);
        if (block < blocks.size()) {
            work.entered();
            int counted = hiddenOf(blocks.get(block));
            blockSteps = stepsFor(counted);
            rule = Optional.of(decoding.rule(new BlockStep(sample(), List.of(), 0, clock, 0), counted, blockSteps));
        }
    }

    private int hiddenOf(Window window) {
        return canvas.hidden(window.from(), window.to()).size();
    }

    /// The steps of a block that starts with `hidden` masks: one for each where nobody says how many.
    private int stepsFor(int hidden) {
        // Where a block's first column opens by itself, all others need a step that takes what is left.
        int least = decoding.opensFirst() && !decoding.imitates() ? 2 : 1;
        return Math.max(least, stepsPerBlock.orElse(hidden));
    }

    private void leave() {
        BlockRule now = rule.orElseThrow();
        if (now.passes() > step) {
            work.skipped(now.passes() - step);
        }
        clock = now.passes() < 0 ? clock : clock + now.passes() - step;
        if (decoding.refers(Reference.DINFER) && feeding.map(Feeding::isOpened).orElse(false)) {
            // dInfer ends an iteration with a pass that has nothing left to open.
            clock++;
        }
        boolean ended = decoding.refers(Reference.DINFER)
                ? canvas.endsWithin(blocks.get(block))
                : edits() && canvas.isAnswered();
        if (ended && decoding.stopsEarly()) {
            stop();
            return;
        }
        enter();
    }

    private void stop() {
        done = true;
        for (int b = block + 1; b < blocks.size(); b++) {
            int left = hiddenOf(blocks.get(b));
            work.skipped(Math.max(1, decoding.rule(at, left, stepsFor(left)).passes()));
            work.blockSkipped();
        }
        if (decoding.refers(Reference.DINFER)) {
            canvas.fillFrom(blocks.get(block).to());
        }
    }

    /// The hidden columns that compete: those of the block, and where LLaDA is imitated those before it.
    private List<Integer> candidates() {
        Window window = blocks.get(block);
        return canvas.hidden(decoding.refers(Reference.LLADA) ? 0 : window.from(), window.to());
    }

    /// The open columns of the block that another token may take.
    private List<Integer> editable() {
        return edits()
                ? canvas.open(window().from(), window().to()).stream()
                        .filter(this::isPredicted)
                        .toList()
                : List.of();
    }

    /// The columns that the next pass predicts: without savings all of them, as engines do that form all logits.
    List<Integer> asked() {
        if (!decoding.saves() || decoding.hooks().wantsAll()) {
            return IntStream.range(0, length())
                    .boxed()
                    .filter(this::isPredicted)
                    .toList();
        }
        Set<Integer> columns = new TreeSet<>(wanted);
        columns.addAll(editable());
        if (decoding.settings().soft().isOn()) {
            canvas.hidden(0, length()).stream().filter(this::isPredicted).forEach(columns::add);
        }
        return List.copyOf(columns);
    }

    /// What the next pass is fed.
    Feed feed() {
        return feed;
    }

    private boolean isFed(int column) {
        return column >= feed.columns().from() && column < feed.columns().to();
    }

    private boolean isPredicted(int column) {
        return isFed(decoding.alignment().source(column));
    }

    /// The masks whose embeddings get what an earlier pass let expect.
    List<Integer> softened() {
        return canvas.hidden(0, length()).stream()
                .filter(column -> isFed(column) && expected.get(column))
                .toList();
    }

    /// Says that a pass let expect something of `columns`.
    void expected(List<Integer> columns) {
        columns.forEach(expected::set);
    }

    /// Opens what the step opens of what a pass said.
    void open(Candidates said) {
        changed = false;
        List<Integer> editable = editable();
        Candidates mine = said.only(wanted);
        if (rule.orElseThrow().passes() < 0) {
            mine = mine.without(decoding.tokens().mask());
        }
        List<Integer> opened =
                wanted.isEmpty() || forced ? wanted : rule.orElseThrow().open(at, mine);
        boolean stuck = (opened.isEmpty() || forced)
                && rule.orElseThrow().passes() < 0
                && !at.hidden().isEmpty();
        Candidates taken = said.only(opened.stream().sorted().toList());
        for (int n = 0; n < taken.count(); n++) {
            changed |= canvas.open(taken.column(n), taken.token(n), taken.probability(n));
        }
        edit(said.only(editable));
        postSteps += at.hidden().isEmpty() ? 1 : 0;
        next();
        if (forced && decoding.countsWhatIsLeft()) {
            // The counts were made for a step that opened as many as its share.
            int left = candidates().size();
            rule = Optional.of(decoding.rule(at, left, Math.max(1, blockSteps - 1)));
            step = 0;
        }
        if (stuck && !changed) {
            leave();
        } else if (decoding.stopsEarly()
                && decoding.saves()
                && !edits()
                && !decoding.refers(Reference.DINFER)
                && canvas.isAnswered()) {
            if (rule.orElseThrow().passes() > step) {
                work.skipped(rule.orElseThrow().passes() - step);
            }
            stop();
        }
    }

    private void edit(Candidates said) {
        double bound = decoding.settings().editing().editThreshold().orElse(1.0);
        for (int n = 0; n < said.count(); n++) {
            if (said.token(n) != decoding.tokens().mask()
                    && said.token(n) != ids()[said.column(n)]
                    && said.probability(n) > bound) {
                canvas.open(said.column(n), said.token(n), said.probability(n));
                changed = true;
            }
        }
    }

    private void next() {
        canvas.hook(clock);
        step++;
        clock++;
    }
}
