package org.panamask.sampling;

/// Says of one row what each pass is fed: everything where a block opens, and a part of it afterwards.
final class Feeding {
    private final CacheSettings settings;
    private final int length;
    private final boolean byIterations;
    private final boolean previous;
    private Window last = new Window(0, 0);
    private boolean filled;
    private boolean opened;
    private int passes;
    private int inBlock;
    private int iteration;

    /// A row of `length` columns.
    ///
    /// @param settings the kind of cache
    /// @param length the columns of the row
    /// @param byIterations whether refreshes count iterations of the text, each of which starts with a whole pass
    ///     where one is due and ends with a partial one, as in dInfer
    /// @param previous whether the column before a block is fed too
    Feeding(CacheSettings settings, int length, boolean byIterations, boolean previous) {
        this.settings = settings;
        this.length = length;
        this.byIterations = byIterations;
        this.previous = previous;
    }

    /// Whether the next pass, over `next`, is fed everything.
    boolean isWhole(Window next) {
        if (passes < settings.warmup() || !filled || !next.equals(last)) {
            return true;
        }
        if (settings.cacheRefresh() == 0) {
            return false;
        }
        return byIterations
                ? !opened && iteration % settings.cacheRefresh() == 0
                : inBlock % settings.cacheRefresh() == 0;
    }

    /// What the next pass is fed, which fills `next` in; `whole` asks for everything.
    Feed feed(Window next, boolean whole) {
        return whole || isWhole(next)
                ? new Feed(new Window(0, length), true)
                : new Feed(part(next), settings.cache() != CacheSettings.Kind.VICINITY);
    }

    /// Counts that pass.
    void passed(Window next, boolean whole) {
        boolean everything = whole || isWhole(next);
        if (!next.equals(last)) {
            iteration += opened ? 1 : 0;
            inBlock = 0;
            opened = false;
            last = next;
        }
        boolean warming = passes < settings.warmup();
        passes++;
        inBlock++;
        opened = everything && !warming;
        filled |= opened;
        iteration += opened ? 0 : 1;
    }

    /// Whether the last pass was whole, and the part of the iteration that follows it is to come.
    boolean isOpened() {
        return opened;
    }

    private Window part(Window block) {
        int from = Math.max(0, block.from() - Math.max(settings.before(), previous ? 1 : 0));
        return switch (settings.cache()) {
            case NONE -> new Window(0, length);
            case PREFIX -> new Window(from, length);
            case DUAL -> new Window(from, block.to());
            case VICINITY -> new Window(from, Math.min(length, block.to() + settings.behind()));
        };
    }
}
