/// Model families, one file each, and the adapters put beside them. Models see only operations; they know neither
/// devices nor training nor sampling.
@NullMarked
package org.panamask.model;

import org.jspecify.annotations.NullMarked;
