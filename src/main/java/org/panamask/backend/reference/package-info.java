/// The oracle: every operation as plain loops in f32 or f64, against which the other backends are checked.
@NullMarked
package org.panamask.backend.reference;

import org.jspecify.annotations.NullMarked;
