/// What backends that compute in host memory share: where their memory comes from, and element access.
@NullMarked
package org.panamask.backend.host;

import org.jspecify.annotations.NullMarked;
