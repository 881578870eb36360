// Collectives of a warp: the last lane to arrive computes for all.
#include <cstring>
#include "scheduler.h"

namespace pmkemu {
const char* name_of(Collective what) {
    switch (what) {
        case Collective::shuffle_xor: return "shuffle xor";
        case Collective::shuffle_index: return "shuffle index";
        case Collective::shuffle_up: return "shuffle up";
        case Collective::shuffle_down: return "shuffle down";
        case Collective::ballot: return "ballot";
        case Collective::sync: return "warp barrier";
        case Collective::mma_bf16: return "mma bf16";
        case Collective::mma_f16: return "mma f16";
        case Collective::mma_e4m3: return "mma e4m3";
        case Collective::ldmatrix: return "ldmatrix";
        case Collective::ldmatrix_transposed: return "ldmatrix.trans";
    }
    return "unknown collective";
}

void meet(Collective what, u32* words, int takes) { worker->meet(what, words, takes); }

void Worker::meet(Collective what, u32* words, int takes) {
    Strand* const strand = static_cast<Strand*>(current);
    Warp& warp = warps[strand->warp];
    if (warp.arrived == 0) {
        warp.what = what;
    } else if (warp.what != what) {
        fail(std::string("lanes of one warp meet in different collectives: ") + name_of(warp.what) + " and " +
             name_of(what));
        wait("error");
    }
    warp.words[strand->lane] = words;
    warp.arrived |= 1u << strand->lane;
    if (warp.arrived != 0xffffffffu) {
        wait(name_of(what));
        return;
    }
    warp.arrived = 0;
    warp.runnable = ~(1u << strand->lane);
    switch (what) {
        case Collective::shuffle_xor:
        case Collective::shuffle_index:
        case Collective::shuffle_up:
        case Collective::shuffle_down: shuffle(what, warp.words, takes - 1); break;
        case Collective::ballot: {
            u32 votes = 0;
            for (int lane = 0; lane < 32; lane++) votes |= (warp.words[lane][0] & 1) << lane;
            for (int lane = 0; lane < 32; lane++) warp.words[lane][0] = votes;
            break;
        }
        case Collective::sync: break;
        case Collective::mma_bf16:
        case Collective::mma_f16:
        case Collective::mma_e4m3: multiply(what, warp.words); break;
        case Collective::ldmatrix:
        case Collective::ldmatrix_transposed:
            if (!pmkemu::load_matrices(what, warp.words)) fail("ldmatrix of a row whose address is no multiple of 16");
            break;
    }
    if (!error.empty()) wait("error");
}

namespace {
template <int WORDS> void shuffle_words(Collective what, u32* const (&words)[32]) {
    u32 values[32][WORDS];
    for (int lane = 0; lane < 32; lane++) std::memcpy(values[lane], words[lane] + 1, 4 * WORDS);
    for (int lane = 0; lane < 32; lane++) {
        const int argument = static_cast<int>(words[lane][0]);
        int from = lane;
        if (what == Collective::shuffle_xor) from = (lane ^ argument) & 31;
        if (what == Collective::shuffle_index) from = argument & 31;
        if (what == Collective::shuffle_up && lane - argument >= 0) from = lane - argument;
        if (what == Collective::shuffle_down && lane + argument < 32) from = lane + argument;
        std::memcpy(words[lane], values[from], 4 * WORDS);
    }
}
}  // namespace

void shuffle(Collective what, u32* const (&words)[32], int words_each) {
    if (words_each == 1) {
        shuffle_words<1>(what, words);
    } else {
        shuffle_words<2>(what, words);
    }
}
}  // namespace pmkemu
