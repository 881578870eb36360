package org.panamask.verify;

import java.util.List;

/// What can run golden cases.
final class CaseRunners {
    /// All runners there are. A kind without one is not supported yet.
    static final List<CaseRunner> BY_KIND = List.of(
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

    /// All runners of the family `samplers`. A case that none takes is not supported yet.
    static final List<SamplerCaseRunner> OF_SAMPLERS = List.of(
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

    private CaseRunners() {}
}
