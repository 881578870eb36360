// How the kernels of attention cut the work, and what their blocks take; mirrored by AttentionTiling in Java.
#pragma once
#include <cstddef>
#include "panamask_attention.h"

namespace panamask {
// One kernel of a family and its blocks.
struct Part {
    const char *family, *name;
    unsigned threads, shared_bytes;
    int side;
};

struct Tiling {
    int type, padded;

    static Tiling of(int type, int width);
    bool streams() const { return type == PANAMASK_F32; }
    int rows() const { return streams() ? 32 : 64; }
    Part forward() const;
    Part delta() const;
    Part keys() const;
    Part queries() const;

private:
    unsigned bytes(int elements) const { return static_cast<unsigned>(elements) * (streams() ? 4u : 2u); }
    Part stream(const char* name, int tiles, int scores) const;
};

// The integers of a mask's table, see kernels/attention.cuh: draws, tiles, first tiles, indices, bounds.
class Table {
public:
    Table(const panamask_attention_mask& mask, int rows);
    size_t integers() const;
    int tiles() const { return tile_count; }
    int tile_starts() const { return 7 + 11 * tile_count; }
    int indices() const { return tile_starts() + mask.batch + 1; }
    int bounds() const { return indices() + row_count(); }
    int row_count() const { return mask.first_row[mask.batch]; }
    void write(int* to) const;

private:
    void write_tile(int* at, int first, int count) const;

    const panamask_attention_mask& mask;
    const int tile_rows;
    int tile_count = 0;
};
}  // namespace panamask
