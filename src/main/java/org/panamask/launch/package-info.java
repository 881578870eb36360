/// Many processes that train one model: who they are, where they meet, and how they are started on one machine.
@NullMarked
package org.panamask.launch;

import org.jspecify.annotations.NullMarked;
