package org.panamask.verify;

import java.nio.file.Path;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Adapter;
import org.panamask.tensor.Weight;

/// Adapters read from PEFT folders, beside a model and merged into it.
final class AdapterCases implements CaseRunner {
    private static final String MERGED = "merged.";

    @Override
    public String kind() {
        return "adapter";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        int batch = (int) fixture.shape("input_ids")[0];
        int tokens = (int) fixture.shape("input_ids")[1];
        Canvas canvas = Canvas.of(batch, tokens, fixture.ints("input_ids"));
        Path folder = fixture.resolve(fixture.parameter("adapter").asString());
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false);
                PeftAdapter file = PeftAdapter.open(folder, loaded.model().naming())) {
            Adapter adapter = device.run(ops -> Adapter.load(loaded.model(), file, ops, loaded.owner(), false));
            deviations.compare("logits_unmerged", loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas)));
            device.run(ops -> {
                adapter.merge(ops, loaded.owner());
                return adapter;
            });
            deviations.compare("logits_merged", loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas)));
            for (String name : fixture.expectedNames()) {
                if (name.startsWith(MERGED)) {
                    Weight weight = loaded.model().parameters().weight(name.substring(MERGED.length()));
                    deviations.compare(name, loaded.filed(weight, loaded.run(ops -> ops.doubles(weight.value()))));
                }
            }
        }
    }
}
