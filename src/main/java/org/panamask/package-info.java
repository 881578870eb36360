/// The front door: load a model, generate, fine-tune.
@NullMarked
package org.panamask;

import org.jspecify.annotations.NullMarked;
