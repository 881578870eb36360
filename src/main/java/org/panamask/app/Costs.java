package org.panamask.app;

import java.io.PrintWriter;
import org.panamask.Generation;
import org.panamask.Panamask;

/// Says what a generation cost: only tokens that were filled in count.
final class Costs {
    private Costs() {}

    static void print(PrintWriter err, Generation answer) {
        double seconds = answer.elapsed().toNanos() / 1e9;
        err.printf(
                "%d tokens in %d forward passes (%.1f a pass), %.2f s, %.1f tokens/s%n",
                answer.tokens(), answer.forwards(), answer.tokensPerForward(), seconds, answer.tokens() / seconds);
        err.flush();
    }

    /// Where the time went, if that was asked for.
    static void profile(PrintWriter err, Panamask model) {
        model.loaded().backend().profile().ifPresent(profile -> err.print("\n" + profile.table()));
        err.flush();
    }
}
