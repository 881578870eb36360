/// What backends that compute in host memory share: the job thread, the two-ended arena, owners, element access.
@NullMarked
package org.panamask.backend.host;

import org.jspecify.annotations.NullMarked;
