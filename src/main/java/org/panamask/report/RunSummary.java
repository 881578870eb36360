package org.panamask.report;

import java.time.Duration;

/// How a run ended.
///
/// @param steps optimizer steps done
/// @param finished whether these were all; false after an interruption
/// @param elapsed time since the run was started or resumed
public record RunSummary(long steps, boolean finished, Duration elapsed) {}
