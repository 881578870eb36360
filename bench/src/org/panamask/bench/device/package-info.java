/// Measures a GPU: the same work as PyTorch does beside it, at the shapes of real models.
@NullMarked
package org.panamask.bench.device;

import org.jspecify.annotations.NullMarked;
