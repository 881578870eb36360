/// Layers that models share, low-rank adapters beside them, and the names of parameters. Layers see only operations:
/// the same code trains and infers.
@NullMarked
package org.panamask.nn;

import org.jspecify.annotations.NullMarked;
