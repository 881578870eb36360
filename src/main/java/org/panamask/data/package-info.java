/// Examples to batches: reading files, building rows, splitting and ordering them, and the planning tasks that serve as
/// demonstration data.
@NullMarked
package org.panamask.data;

import org.jspecify.annotations.NullMarked;
