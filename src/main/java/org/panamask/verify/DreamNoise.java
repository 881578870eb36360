package org.panamask.verify;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.panamask.sampling.GivenNoise;

/// The numbers that Dream drew, in the order of their use: a draw belongs to the step that first asks for it.
final class DreamNoise implements GivenNoise {
    private final List<double[]> draws = new ArrayList<>();
    private final Map<String, Integer> used = new HashMap<>();
    private final int[] offsets;
    private final int columns;
    private final int ids;

    /// @param columns of a canvas with padding
    DreamNoise(SamplerCase fixture, int[] offsets, int columns) {
        int width = 0;
        for (int n = 0; !fixture.noise("draw" + n).isMissingNode(); n++) {
            long[] shape = fixture.shape(fixture.noise("draw" + n));
            width = shape.length == 2 ? (int) shape[1] : width;
            draws.add(fixture.doubles(fixture.noise("draw" + n)));
        }
        this.ids = width;
        this.offsets = offsets.clone();
        this.columns = columns;
    }

    boolean isEmpty() {
        return draws.isEmpty();
    }

    private double[] draw(String purpose, Place place) {
        return draws.get(used.computeIfAbsent(purpose + place.step(), _ -> used.size()));
    }

    @Override
    public double uniform(Place place) {
        return draw("uniform", place)[place.rank()];
    }

    @Override
    public double exponential(Place place) {
        int row = (int) place.sample();
        return draw("columns", place)[row * columns + offsets[row] + place.column()];
    }

    @Override
    public double token(Place place, int id) {
        double[] drawn = draw("tokens", place);
        return place.rank() < 0 ? 1 : drawn[place.rank() * ids + id];
    }
}
