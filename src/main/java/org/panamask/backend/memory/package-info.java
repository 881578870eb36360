/// What backends share that run jobs in memory of their own: the job thread, the ledger's memory, the two-ended arena
/// and owners. Nothing here reads or writes an element, so the memory may be that of another device.
@NullMarked
package org.panamask.backend.memory;

import org.jspecify.annotations.NullMarked;
