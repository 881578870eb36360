/// Text to token ids and back: tokenizer files checked before native code reads them, and the special tokens of a
/// model folder.
@NullMarked
package org.panamask.text;

import org.jspecify.annotations.NullMarked;
