package org.panamask.tensor;

/// The loss of scored rows, as tensors that still live on the device.
///
/// @param loss `[1]`, the weighted sum over the rows, F32 (F64 under f64)
/// @param rows `[R]`, the unweighted cross entropy of each row in nats, F32 (F64 under f64)
/// @param correct `[R]` I32, 1 where the target has the largest logit
public record CrossEntropy(Tensor loss, Tensor rows, Tensor correct) {}
