// The texts of the kernels and of their headers.
#pragma once

namespace panamask {
constexpr int HEADERS = 3;
extern const char* const HEADER_NAMES[HEADERS];
extern const char* const HEADER_TEXTS[HEADERS];
const char* source_of(const char* family);
}  // namespace panamask
