/// Builds the CPU emulator of CUDA in `native/` before the tests and points the backend at its libraries.
@NullMarked
package org.panamask.emulator;

import org.jspecify.annotations.NullMarked;
