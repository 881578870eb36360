/// The oracle: every operation as plain loops in f32, f64, bf16 or f16, against which the other backends are checked.
@NullMarked
package org.panamask.backend.reference;

import org.jspecify.annotations.NullMarked;
