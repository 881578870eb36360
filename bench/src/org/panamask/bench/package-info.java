/// Measures the library: JMH benches, and the comparison with PyTorch.
@NullMarked
package org.panamask.bench;

import org.jspecify.annotations.NullMarked;
