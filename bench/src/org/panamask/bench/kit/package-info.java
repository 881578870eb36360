/// The day kit: checks a GPU on a bare machine step by step, then measures it, and writes down what came out.
@NullMarked
package org.panamask.bench.kit;

import org.jspecify.annotations.NullMarked;
