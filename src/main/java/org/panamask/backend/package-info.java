/// What a device must offer, and choosing one: backends, their jobs, their memory and its ledger.
@NullMarked
package org.panamask.backend;

import org.jspecify.annotations.NullMarked;
