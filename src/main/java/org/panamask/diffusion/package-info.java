/// Masked diffusion on the host: noise, corruption, annealing and losses on the way there; likelihood estimates,
/// samplers and infilling on the way back. Models come in as a [Denoiser].
@NullMarked
package org.panamask.diffusion;

import org.jspecify.annotations.NullMarked;
