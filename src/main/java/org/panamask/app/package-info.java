/// The command line.
@NullMarked
package org.panamask.app;

import org.jspecify.annotations.NullMarked;
