package org.panamask.data;

/// How micro-batches that do not fill an accumulation window are counted.
public enum StepRule {
    /// The last window of an epoch may be shorter; windows never cross epochs. What current Trainers do.
    CEIL,
    /// What an epoch leaves over goes into the next epoch's first window. What Trainers up to 4.4x did.
    FLOOR
}
