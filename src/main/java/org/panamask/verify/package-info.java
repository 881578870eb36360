/// Golden cases: numbers that reference implementations computed, run through this library on any backend, and how
/// much of each tolerance was used.
@NullMarked
package org.panamask.verify;

import org.jspecify.annotations.NullMarked;
