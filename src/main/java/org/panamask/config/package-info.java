/// How settings describe themselves: keys, defaults and meanings beside the records they fill, and the binding of a
/// written tree of keys to those records, with every problem found at once.
@NullMarked
package org.panamask.config;

import org.jspecify.annotations.NullMarked;
