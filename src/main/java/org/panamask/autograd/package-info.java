/// Remembering what was computed and undoing it: gradients.
@NullMarked
package org.panamask.autograd;

import org.jspecify.annotations.NullMarked;
