// The numbers of the kernels' blocks and the table of a mask.
#include "tiling.h"
#include <algorithm>
#include <climits>

namespace panamask {
namespace {
constexpr int NARROWEST = 16, ROWS = 64, KEYS = 64, BACKWARD_KEYS = 128, STREAM_SIDE = 32, OPEN = 65536;
}  // namespace

Tiling Tiling::of(int type, int width) {
    int padded = NARROWEST;
    while (padded < width) padded *= 2;
    return {type, padded};
}

Part Tiling::stream(const char* name, int tiles, int scores) const {
    const int floats = tiles * STREAM_SIDE * (padded + 1) + scores * STREAM_SIDE * (STREAM_SIDE + 1);
    return {"attention_stream", name, 64, bytes(floats), STREAM_SIDE};
}

Part Tiling::forward() const {
    if (streams()) return stream("attention_stream_forward", 2, 1);
    return {"attention_forward", "attention_forward", ROWS * 2, bytes((ROWS + 2 * KEYS) * padded), ROWS};
}

Part Tiling::delta() const { return {streams() ? "attention_stream" : "attention_backward", "attention_delta", 128, 0, 4}; }

Part Tiling::keys() const {
    if (streams()) return stream("attention_stream_backward_keys", 4, 2);
    const int step = padded > 32 ? 32 : 64;
    const unsigned stage = 2u * static_cast<unsigned>(step) * (bytes(padded) + 4 + BACKWARD_KEYS / 8);
    return {"attention_backward", "attention_backward_keys", BACKWARD_KEYS * 2,
            2 * bytes(BACKWARD_KEYS * padded) + 2 * stage, BACKWARD_KEYS};
}

Part Tiling::queries() const {
    if (streams()) return stream("attention_stream_backward_queries", 4, 2);
    return {"attention_queries", "attention_backward_queries", ROWS * 4, bytes((2 * ROWS + 4 * KEYS) * padded), ROWS};
}

Table::Table(const panamask_attention_mask& of, int rows) : mask(of), tile_rows(rows) {
    for (int b = 0; b < mask.batch; b++) tile_count += (mask.first_row[b + 1] - mask.first_row[b] + rows - 1) / rows;
}

size_t Table::integers() const { return static_cast<size_t>(bounds()) + 4 * static_cast<size_t>(row_count()); }

// The keys that some row of a tile may see, and those that all of them do.
void Table::write_tile(int* at, int first, int count) const {
    for (int which = 0; which < 4; which += 2) {
        int hull_from = INT_MAX, hull_to = 0, core_from = 0, core_to = INT_MAX;
        for (int row = first; row < first + count; row++) {
            const int from = mask.bounds[row * 4 + which], end = mask.bounds[row * 4 + which + 1];
            const int past = mask.index[row] + 1;
            const int to = mask.annealing_threshold == 0 ? std::min(end, past) : end;
            if (from < to) {
                hull_from = std::min(hull_from, from);
                hull_to = std::max(hull_to, to);
            }
            core_from = std::max(core_from, from);
            const int sure = mask.annealing_threshold < OPEN ? std::min(to, past) : to;
            core_to = std::min(core_to, from < to ? sure : 0);
        }
        at[3 + which] = hull_from;
        at[4 + which] = hull_to;
        at[7 + which] = core_from;
        at[8 + which] = core_to;
    }
}

void Table::write(int* to) const {
    const int draws[7] = {static_cast<int>(mask.annealing_key), static_cast<int>(mask.annealing_key >> 32),
                          mask.annealing_threshold};
    std::copy(draws, draws + 7, to);
    int tile = 0;
    for (int b = 0; b < mask.batch; b++) {
        to[tile_starts() + b] = tile;
        for (int first = mask.first_row[b]; first < mask.first_row[b + 1]; first += tile_rows) {
            int* const at = to + 7 + 11 * tile++;
            at[0] = b;
            at[1] = first;
            at[2] = std::min(tile_rows, mask.first_row[b + 1] - first);
            write_tile(at, at[1], at[2]);
        }
    }
    to[tile_starts() + mask.batch] = tile;
    std::copy(mask.index, mask.index + row_count(), to + indices());
    std::copy(mask.bounds, mask.bounds + 4 * row_count(), to + bounds());
}
}  // namespace panamask
