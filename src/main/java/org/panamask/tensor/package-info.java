/// Shapes, types, tensors, and the vocabulary of operations that models, objectives and samplers are written in.
@NullMarked
package org.panamask.tensor;

import org.jspecify.annotations.NullMarked;
