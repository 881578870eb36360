/// Owners of the objects of NVIDIA's driver and run-time compiler. A context belongs to the thread that made it
/// current: everything here is used on that thread. Once the driver says that a context is lost, nothing of it calls
/// the driver again.
@NullMarked
package org.panamask.ffi.cuda;

import org.jspecify.annotations.NullMarked;
