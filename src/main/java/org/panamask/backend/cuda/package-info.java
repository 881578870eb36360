/// The backend for NVIDIA GPUs. So far it finds the libraries that it will compute with.
@NullMarked
package org.panamask.backend.cuda;

import org.jspecify.annotations.NullMarked;
