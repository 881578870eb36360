package org.panamask.report;

/// One answer generated during training.
///
/// @param step optimizer steps done
/// @param prompt what was given
/// @param masked the canvas before the first step, masks and all
/// @param generated the answer of the model
public record SampleReport(long step, String prompt, String masked, String generated) {}
