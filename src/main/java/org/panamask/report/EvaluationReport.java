package org.panamask.report;

import java.time.Duration;

/// One pass over the validation rows.
///
/// @param step optimizer steps done
/// @param loss the training loss on these rows
/// @param ceLoss the cross entropy of a masked token without the weight 1/t, in nats
/// @param accuracy share of the masked tokens predicted right
/// @param rows validation rows
/// @param elapsed time since the run was started or resumed
public record EvaluationReport(long step, double loss, double ceLoss, double accuracy, long rows, Duration elapsed) {}
