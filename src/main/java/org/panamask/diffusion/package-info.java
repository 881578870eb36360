/// Masked diffusion on the host: noise, corruption, annealing, losses and likelihood estimates. Models come in as a
/// [Denoiser]; the way back from noise to text is in the package `sampling`.
@NullMarked
package org.panamask.diffusion;

import org.jspecify.annotations.NullMarked;
