package org.panamask.report;

import java.nio.file.Path;

/// What a run is about to do.
///
/// @param firstStep optimizer steps already done, above 0 when a run is resumed
/// @param totalSteps optimizer steps when it ends
/// @param memoryLimitBytes most native memory; `Long.MAX_VALUE` for no limit
/// @param output the folder the run writes to
public record RunPlan(long firstStep, long totalSteps, long memoryLimitBytes, Path output) {}
