package org.panamask.train;

/// The factor that the loss is multiplied with before the way back, so that small gradients are not lost in halves, and
/// that gradients are divided by before they are clipped. It is halved when a window's gradients are not finite, and
/// that window changes no weight; it is doubled after 2000 good windows in a row. Not safe for several threads.
///
/// @see <a href="https://github.com/pytorch/pytorch">pytorch/pytorch, torch/amp/grad_scaler.py, GradScaler</a>
public final class LossScaler {
    private static final double START = 65_536;
    private static final double GROWTH = 2;
    private static final double BACKOFF = 0.5;
    private static final int INTERVAL = 2000;

    private final int interval;
    private State state = new State(START, 0, 0);

    /// What a checkpoint keeps of it.
    ///
    /// @param scale the factor of the next window
    /// @param goodWindows windows in a row whose gradients were finite, since the factor last changed
    /// @param skipped windows so far that changed no weight
    public record State(double scale, int goodWindows, long skipped) {
        /// Checks the ranges.
        public State {
            if (!(scale > 0 && Double.isFinite(scale)) || goodWindows < 0 || skipped < 0) {
                throw new IllegalArgumentException("loss scaler: a positive scale and counts of at least 0 are needed,"
                        + " but got " + scale + ", " + goodWindows + " and " + skipped);
            }
        }
    }

    /// A scaler at 65536.
    public LossScaler() {
        this(INTERVAL);
    }

    /// One that grows after `interval` good windows in a row.
    LossScaler(int interval) {
        this.interval = interval;
    }

    /// The factor of the next window.
    public double scale() {
        return state.scale();
    }

    /// Where it stands, to be kept in a checkpoint.
    public State state() {
        return state;
    }

    /// Goes on from where a checkpoint left it.
    public void restore(State kept) {
        state = kept;
    }

    /// Takes notice of a window whose gradients were all finite, or not.
    ///
    /// @return whether the optimizer and the schedule may advance
    boolean update(boolean finite) {
        if (!finite) {
            state = new State(Math.max(state.scale() * BACKOFF, Float.MIN_VALUE), 0, state.skipped() + 1);
        } else if (state.goodWindows() + 1 < interval) {
            state = new State(state.scale(), state.goodWindows() + 1, state.skipped());
        } else {
            double grown = state.scale() * GROWTH;
            state = new State(grown <= Float.MAX_VALUE ? grown : state.scale(), 0, state.skipped());
        }
        return finite;
    }
}
