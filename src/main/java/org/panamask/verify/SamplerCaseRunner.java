package org.panamask.verify;

import java.util.List;

/// Runs cases of the family `samplers`.
interface SamplerCaseRunner {
    /// All runners there are. A case that none takes is not supported yet.
    List<SamplerCaseRunner> ALL = List.of(
            new ModelForwardCases(),
            new FamilyLossCases(),
            new FamilyLikelihoodCases(),
            new LladaGenerateCases(),
            new DreamGenerateCases(),
            new DreamFilterCases(),
            new DllmSamplerCases(),
            new CountCases(),
            new DecoderCases(),
            new DinferGenerateCases(),
            new FastdllmCases());

    /// Whether it runs `fixture`: all cases of a kind, or some.
    boolean takes(SamplerCase fixture);

    /// Runs `fixture` on `device` and compares what comes out.
    void run(SamplerCase fixture, Device device, Deviations deviations);
}
