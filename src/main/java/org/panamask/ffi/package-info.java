/// Owners of native objects, the finding and loading of native libraries, and typed errors for native statuses. Callers
/// see memory segments and records, never the generated bindings.
@NullMarked
package org.panamask.ffi;

import org.jspecify.annotations.NullMarked;
