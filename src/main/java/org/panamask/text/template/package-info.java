/// Reads and renders the chat templates of model folders: the part of Jinja that published templates use, under limits
/// and without a way to anything outside of the values given to it.
@NullMarked
package org.panamask.text.template;

import org.jspecify.annotations.NullMarked;
