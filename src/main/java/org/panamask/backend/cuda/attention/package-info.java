/// What attention on GPUs needs besides a device: how kernels cut the work, what they are told of a mask, which of the
/// implementations runs, and cuDNN's graphs.
@NullMarked
package org.panamask.backend.cuda.attention;

import org.jspecify.annotations.NullMarked;
