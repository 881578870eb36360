/// The backend that computes with oneDNN: matrix products on packed weights, fused where oneDNN fuses, and plain loops
/// over Java arrays for what it does not have.
@NullMarked
package org.panamask.backend.cpu;

import org.jspecify.annotations.NullMarked;
