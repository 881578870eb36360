package org.panamask.train;

/// A step that failed when it could not be taken back any more.
///
/// @param rule what must hold, and how the step broke it
/// @param advice what to do
/// @param cause why it failed
record HalfStep(String rule, String advice, Throwable cause) {
    static HalfStep updating(int step, Throwable cause) {
        return new HalfStep(
                "all weights must be of the same step, but step " + step + " failed while it changed them",
                "load the model again, from the last checkpoint",
                cause);
    }

    static HalfStep shared(int step, Throwable cause) {
        return new HalfStep(
                "all ranks must be at the same step, but step " + step
                        + " failed here when others had been given gradients of it",
                "end all ranks and start them again, from the last checkpoint",
                cause);
    }

    /// Why `what` cannot be done.
    TrainerException refusal(String what) {
        return new TrainerException(what + ": " + rule + " (" + cause + "); " + advice, cause);
    }
}
