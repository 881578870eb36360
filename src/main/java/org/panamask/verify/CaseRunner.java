package org.panamask.verify;

import java.util.List;

/// Runs the cases of one kind.
interface CaseRunner {
    /// All runners there are. A kind without one is not supported yet.
    List<CaseRunner> ALL = List.of(
            new AnnealingCases.Masks(),
            new AnnealingCases.Ratios(),
            new ForwardCases.Logits(),
            new ForwardCases.Rope(),
            new LossCases(),
            new GradientCases.Full(),
            new GradientCases.Branches(),
            new OptimizerCases(),
            new SamplingCases(),
            new MgdmLossCases(),
            new MgdmSamplingCases(),
            new TopPCases(),
            new LikelihoodCases(),
            new AdapterCases(),
            new LoraLayerCases());

    /// The kind, as the index of the cases names it.
    String kind();

    /// Runs `fixture` on `device` and compares what comes out.
    void run(FixtureCase fixture, Device device, Deviations deviations);
}
