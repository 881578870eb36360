/// Fine-tuning: the recipe that says everything about a run, and the loop that carries it out.
@NullMarked
package org.panamask.train;

import org.jspecify.annotations.NullMarked;
