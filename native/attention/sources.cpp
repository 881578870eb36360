// The texts of the kernels, as they are in kernels/ when this is compiled; PMK_KERNELS is that folder.
#include "sources.h"
#include <cstring>

#define PMK_TEXT(name, file)                                                            \
    asm(".pushsection .rodata\n" #name ":\n.incbin \"" PMK_KERNELS "/" file "\"\n.byte 0\n.popsection"); \
    extern "C" __attribute__((visibility("hidden"))) const char name[]

PMK_TEXT(panamask_pmk, "pmk.cuh");
PMK_TEXT(panamask_attention_header, "attention.cuh");
PMK_TEXT(panamask_attention_tiles, "attention_tiles.cuh");
PMK_TEXT(panamask_attention_forward_text, "attention_forward.cu");
PMK_TEXT(panamask_attention_backward_text, "attention_backward.cu");
PMK_TEXT(panamask_attention_queries_text, "attention_queries.cu");
PMK_TEXT(panamask_attention_stream_text, "attention_stream.cu");

namespace panamask {
const char* const HEADER_NAMES[HEADERS] = {"pmk.cuh", "attention.cuh", "attention_tiles.cuh"};
const char* const HEADER_TEXTS[HEADERS] = {panamask_pmk, panamask_attention_header, panamask_attention_tiles};

const char* source_of(const char* family) {
    if (!std::strcmp(family, "attention_forward")) return panamask_attention_forward_text;
    if (!std::strcmp(family, "attention_backward")) return panamask_attention_backward_text;
    if (!std::strcmp(family, "attention_queries")) return panamask_attention_queries_text;
    return panamask_attention_stream_text;
}
}  // namespace panamask
