/// How good a model is: likelihood, multiple choice, exact match, and what generation costs. Every random number has a
/// fixed seed, so that models see the same rows under the same noise and their differences can be paired.
@NullMarked
package org.panamask.eval;

import org.jspecify.annotations.NullMarked;
