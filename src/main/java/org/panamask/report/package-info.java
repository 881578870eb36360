/// What happened in a run: the line on the console, JSON lines, TensorBoard events, the loss picture.
@NullMarked
package org.panamask.report;

import org.jspecify.annotations.NullMarked;
