package org.panamask.data;

/// A question and its answer.
///
/// @param prompt what is given
/// @param response what is to be produced
public record Example(String prompt, String response) {}
