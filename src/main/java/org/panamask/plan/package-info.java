/// What a run will need, found out without loading a weight.
@NullMarked
package org.panamask.plan;

import org.jspecify.annotations.NullMarked;
