/// The way back from noise to text: samplers that unmask a canvas step by step, infilling, and left-to-right decoding
/// to compare with. Models come in as a [org.panamask.diffusion.Denoiser].
@NullMarked
package org.panamask.sampling;

import org.jspecify.annotations.NullMarked;
