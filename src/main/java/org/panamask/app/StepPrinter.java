package org.panamask.app;

import java.io.PrintWriter;
import java.util.Arrays;
import org.panamask.Panamask;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerStep;

/// Prints the canvas after every step: `_` stands for a masked token.
final class StepPrinter implements SamplerListener {
    private final Panamask model;
    private final PrintWriter out;

    private StepPrinter(Panamask model, PrintWriter out) {
        this.model = model;
        this.out = out;
    }

    /// A printer when `wanted`, else nobody.
    static SamplerListener of(boolean wanted, Panamask model, PrintWriter out) {
        return wanted ? new StepPrinter(model, out) : SamplerListener.NONE;
    }

    @Override
    public void changed(SamplerStep step) {
        int[] ids = step.ids().getFirst();
        int mask = model.loaded().special().mask();
        long left = Arrays.stream(ids).filter(id -> id == mask).count();
        out.printf("%3d/%d %4d masked | %s%n", step.step(), step.steps(), left, model.shown(ids));
        out.flush();
    }
}
