/// Files that hold weights: safetensors read and written, Hugging Face model folders, PEFT adapters.
///
/// Nothing in a file is trusted before it is checked; every refusal is a [CheckpointException] that names the file and
/// the rule. Weights are memory-mapped and keep the type they are stored in.
@NullMarked
package org.panamask.checkpoint;

import org.jspecify.annotations.NullMarked;
