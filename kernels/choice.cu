// A token for each row of a chunk of logits: the likeliest, or one drawn by a uniform number, and how sure the choice is.
// One block for each row c of C. The order of ids is the order of their logits, the lowest id first of equals; what the
// filters keep is a beginning of it, so it is described by its last logit and id and found without sorting: radix
// selection, a byte at a time. Masses are whole numbers, units of 2^-48, so sums do not depend on their order and a draw
// compares exactly. Sums of exponentials are f32 in an order that is always the same. Reference: ChoiceLoops.
#include "pmk.cuh"

constexpr float MASS_UNITS = 281474976710656.f; // 2^48
constexpr u64 ENDLESS = ~0ull;
constexpr int BINS = 256;

// The rule, beside the biases, forbidden ids and ignored ids that lie behind each other in `ids`.
struct ChoiceRule {
    u64 top_p;              // the bound of the mass in units; ENDLESS keeps all
    int top_k;              // V keeps all
    int share;              // whether top-p is of the mass that top-k leaves
    int biased, forbidden, ignored; // numbers of ids
    int measure;            // 0 none but the chosen token's log-probability, 1 token, 2 margin, 3 entropy
    int raw;                // whether the measure is of the logits without temperature and filters
    float cooling;          // 1 / temperature
};

// Whole numbers in the order of the numbers; -0 is 0.
PMK_DEV u32 rank_of(float x) {
    const u32 bits = pmk_bits(x + 0.f);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

PMK_DEV float value_of(u32 rank) { return pmk_float(rank & 0x80000000u ? rank ^ 0x80000000u : ~rank); }

// What is left of a row: logits above the bound, and those at it with ids up to `last`.
struct Kept {
    u32 bound;
    int last;
    PMK_DEV bool has(u32 rank, int id) const { return rank > bound || (rank == bound && id <= last); }
};

// A row and its distribution: the mass of an id is exp((l - largest) cooling) / sum.
struct Row {
    float* l; // [V]
    int V;
    float largest, cooling, share;
    PMK_DEV u64 mass(float logit) const {
        return static_cast<u64>(pmk_exp((logit - largest) * cooling) * share * MASS_UNITS);
    }
};

// The first id at which the weights, summed in the order of ids, exceed `target`, in every thread; -1 where none does.
// Each warp sums a stretch of ids; the one whose stretch has the answer goes through it again.
template <class Weight> PMK_DEV int first_beyond(int V, u64 target, Weight weight) {
    PMK_SHARED(u64, sums, 32);
    PMK_SHARED(int, answer, 1);
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, warps = PMK_BDIM_X >> 5;
    const int length = ((V + warps - 1) / warps + 31) & ~31;
    const int from = warp * length, to = from + length < V ? from + length : V;
    u64 sum = 0;
    for (int v = from + lane; v < to; v += 32) sum += weight(v);
    sum = pmk_warp_sum(sum);
    if (lane == 0) sums[warp] = sum;
    if (PMK_TID_X == 0) *answer = -1;
    pmk_sync();
    u64 before = 0;
    int mine = 0;
    while (mine < warps && before + sums[mine] <= target) before += sums[mine++];
    if (warp == mine) {
        bool found = false;
        for (int start = from; start < to && !found; start += 32) {
            const int v = start + lane;
            u64 upto = v < to ? weight(v) : 0;
            PMK_UNROLL for (int by = 1; by < 32; by <<= 1) {
                const u64 lower = pmk_shfl_up(upto, by);
                if (lane >= by) upto += lower;
            }
            const u32 beyond = pmk_ballot(before + upto > target);
            found = beyond != 0;
            if (found && lane == pmk_lowest_bit(beyond)) *answer = v;
            before += pmk_shfl_idx(upto, 31);
        }
    }
    pmk_sync();
    const int id = *answer;
    pmk_sync();
    return id;
}

// Where a beginning of the order ends: at the first entry with which `count` entries are taken or their mass exceeds
// `mass`.
struct End {
    u32 bound;    // rank of the last entry taken
    u32 equals;   // how many entries of that rank are taken
    u32 of;       // how many there are
    u64 mass;     // of all that is taken
};

// The counts and masses of the ranks that share the bytes above the one looked at.
struct Histogram {
    u32* counts; // [BINS]
    u64* masses; // [BINS]
    u32* found;  // [2]: the bin where the beginning ends, and whether there is one
    u64* above;  // [2]: the mass and the number of the entries above it
};

// Counts the entries of a warp. Most of them often share a bin, the more so in the highest byte, and would wait for each
// other; those of the first one's bin are added up before.
PMK_DEV void count_entries(const Histogram& h, bool counts, u32 bin, u64 mass) {
    const u32 counting = pmk_ballot(counts);
    if (counting == 0) return;
    const int first = pmk_lowest_bit(counting), lane = PMK_TID_X & 31;
    const u32 shared = pmk_shfl_idx(bin, first);
    const bool shares = counts && bin == shared;
    const u32 together = pmk_ballot(shares);
    const u64 units = pmk_warp_sum(shares ? mass : 0ull);
    if (counts && (!shares || lane == first)) {
        pmk_atomic_add(&h.counts[bin], shares ? static_cast<u32>(pmk_popcount(together)) : 1u);
        pmk_atomic_add(&h.masses[bin], shares ? units : mass);
    }
}

// Finds the bin in which the beginning ends; one warp, eight bins a lane, the highest first.
PMK_DEV void find_bin(const Histogram& h, u64 count, u64 mass) {
    const int lane = PMK_TID_X & 31, top = BINS - 1 - lane * (BINS / 32);
    u64 entries = 0, units = 0;
    for (int i = 0; i < BINS / 32; i++) {
        entries += h.counts[top - i];
        units += h.masses[top - i];
    }
    u64 entries_above = entries, units_above = units;
    PMK_UNROLL for (int by = 1; by < 32; by <<= 1) {
        const u64 e = pmk_shfl_up(entries_above, by), u = pmk_shfl_up(units_above, by);
        if (lane >= by) {
            entries_above += e;
            units_above += u;
        }
    }
    entries_above += h.above[1] - entries;
    units_above += h.above[0] - units;
    pmk_warp_sync(); // every lane has read what stands above
    if (lane == 0) h.found[1] = 0;
    pmk_warp_sync();
    if (entries_above >= count || units_above > mass) return;
    for (int i = 0; i < BINS / 32; i++) {
        entries = entries_above + h.counts[top - i];
        units = units_above + h.masses[top - i];
        if (entries >= count || units > mass) {
            h.found[0] = top - i;
            h.found[1] = 1;
            h.above[0] = units_above;
            h.above[1] = entries_above;
            return;
        }
        entries_above = entries;
        units_above = units;
    }
}

// The least rank worth looking at: windows below the largest logit widen until what they show suffices.
PMK_DEV u32 window(const Row& row, u64 count, u64 mass) {
    for (float nats = 4.f; nats < 40.f; nats *= 3.f) {
        const float least = row.largest - nats / row.cooling;
        u64 entries = 0, units = 0;
        for (int v = PMK_TID_X; v < row.V; v += PMK_BDIM_X) {
            if (row.l[v] >= least) {
                entries++;
                units += row.mass(row.l[v]);
            }
        }
        entries = pmk_block_sum(entries);
        units = pmk_block_sum(units);
        if (entries >= count || units > mass) return rank_of(least);
    }
    return 0;
}

PMK_DEV End whole() { return End{0, 0, 0, 0}; }

// The beginning of the order that has `count` entries, or fewer whose mass exceeds `mass`; of == 0 where it is all.
PMK_DEV End select(const Row& row, u64 count, u64 mass) {
    PMK_SHARED(u32, counts, BINS);
    PMK_SHARED(u64, masses, BINS);
    PMK_SHARED(u32, found, 2);
    PMK_SHARED(u64, above, 2);
    const Histogram h{counts, masses, found, above};
    const u32 least = window(row, count, mass);
    u32 prefix = 0;
    if (PMK_TID_X < 2) above[PMK_TID_X] = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        for (int bin = PMK_TID_X; bin < BINS; bin += PMK_BDIM_X) {
            counts[bin] = 0;
            masses[bin] = 0;
        }
        pmk_sync();
        for (int from = PMK_TID_X & ~31; from < row.V; from += PMK_BDIM_X) {
            const int v = from + (PMK_TID_X & 31);
            const float logit = v < row.V ? row.l[v] : 0.f;
            const u32 rank = rank_of(logit);
            const bool counted = v < row.V && rank >= least && (shift == 24 || rank >> (shift + 8) == prefix);
            count_entries(h, counted, rank >> shift & (BINS - 1), counted ? row.mass(logit) : 0);
        }
        pmk_sync();
        if (PMK_TID_X < 32) find_bin(h, count, mass);
        pmk_sync();
        if (!found[1]) return whole();
        prefix = prefix << 8 | found[0];
    }
    const u32 of = counts[prefix & (BINS - 1)];
    const u64 each = row.mass(value_of(prefix)), units = above[0];
    const u64 by_count = count - above[1], by_mass = each == 0 ? ENDLESS : (mass - units) / each + 1;
    u64 equals = by_count < by_mass ? by_count : by_mass;
    if (equals > of) equals = of;
    pmk_sync(); // the arrays may be used again
    return End{prefix, static_cast<u32>(equals), of, units + equals * each};
}

PMK_DEV Kept kept(const Row& row, const End& end) {
    if (end.of == 0) return Kept{0, row.V};
    if (end.equals == end.of) return Kept{end.bound, row.V};
    return Kept{end.bound, first_beyond(row.V, end.equals - 1, [&](int v) -> u64 {
                    return rank_of(row.l[v]) == end.bound ? 1 : 0;
                })};
}

// What the filters leave.
PMK_DEV End filtered(const Row& row, const ChoiceRule& rule) {
    if (!rule.share) return select(row, rule.top_k, rule.top_p);
    const End most = select(row, rule.top_k, ENDLESS);
    if (rule.top_p == ENDLESS) return most;
    const double part = static_cast<double>(rule.top_p) / MASS_UNITS;
    return select(row, rule.top_k, static_cast<u64>(part * static_cast<double>(most.mass)));
}

// The two largest logits, in every thread.
struct Largest {
    float first, second;
    PMK_DEV void take(float a, float b) {
        second = pmk_max(pmk_min(first, a), pmk_max(second, b));
        first = pmk_max(first, a);
    }
};

PMK_DEV Largest two_largest(Largest mine) {
    PMK_SHARED(float, partial, 64);
    const int lane = PMK_TID_X & 31, warps = PMK_BDIM_X >> 5;
    PMK_UNROLL for (int m = 16; m; m >>= 1) {
        const float a = pmk_shfl_xor(mine.first, m), b = pmk_shfl_xor(mine.second, m);
        mine.take(a, b);
    }
    if (lane == 0) {
        partial[2 * (PMK_TID_X >> 5)] = mine.first;
        partial[2 * (PMK_TID_X >> 5) + 1] = mine.second;
    }
    pmk_sync();
    Largest all{partial[0], partial[1]};
    for (int warp = 1; warp < warps; warp++) all.take(partial[2 * warp], partial[2 * warp + 1]);
    pmk_sync();
    return all;
}

// The measure of a row whose ignored ids stand at -infinity, for its chosen token.
PMK_DEV float sureness(const Row& row, const Kept& left, int measure, int token) {
    Largest mine{-pmk_infinity(), -pmk_infinity()};
    for (int v = PMK_TID_X; v < row.V; v += PMK_BDIM_X) {
        if (left.has(rank_of(row.l[v]), v)) mine.take(row.l[v], -pmk_infinity());
    }
    const Largest all = two_largest(mine);
    if (row.l[token] == -pmk_infinity()) return -pmk_infinity();
    float sum = 0.f;
    for (int v = PMK_TID_X; v < row.V; v += PMK_BDIM_X) {
        if (left.has(rank_of(row.l[v]), v)) sum += pmk_exp((row.l[v] - all.first) * row.cooling);
    }
    sum = pmk_block_sum(sum);
    if (measure == 1) return (row.l[token] - all.first) * row.cooling - pmk_log(sum);
    const float share = 1.f / sum;
    if (measure == 2) return (1.f - pmk_exp((all.second - all.first) * row.cooling)) * share;
    float entropy = 0.f;
    for (int v = PMK_TID_X; v < row.V; v += PMK_BDIM_X) {
        if (left.has(rank_of(row.l[v]), v)) {
            const float p = pmk_exp((row.l[v] - all.first) * row.cooling) * share;
            entropy += p * pmk_log(p + 1e-10f);
        }
    }
    return pmk_block_sum(entropy);
}

// Adds biases, and takes forbidden ids out.
PMK_DEV void adjust(float* l, const int* ids, const float* amounts, const ChoiceRule& rule) {
    for (int i = PMK_TID_X; i < rule.biased; i += PMK_BDIM_X) l[ids[i]] += amounts[i];
    pmk_sync();
    for (int i = PMK_TID_X; i < rule.forbidden; i += PMK_BDIM_X) l[ids[rule.biased + i]] = -pmk_infinity();
    pmk_sync();
}

PMK_EXPORT void choose(int* tokens,              // [C]
                       float* log_probabilities, // [C]
                       float* confidences,       // [C]
                       float* logits,            // [C, V], overwritten
                       const float* uniforms,    // [C], or null for the likeliest token
                       const int* ids,           // [biased + forbidden + ignored]
                       const float* amounts,     // [biased]
                       ChoiceRule rule, int V) {
    const i64 c = PMK_BID_X;
    float* l = logits + c * V;
    adjust(l, ids, amounts, rule);
    u64 best = 0;
    for (int v = PMK_TID_X; v < V; v += PMK_BDIM_X) {
        const u64 one = static_cast<u64>(rank_of(l[v])) << 32 | (0xffffffffu - v);
        best = one > best ? one : best;
    }
    best = pmk_block_max(best);
    int token = static_cast<int>(0xffffffffu - static_cast<u32>(best));
    Row row{l, V, l[token], rule.cooling, 0.f};
    float sum = 0.f;
    for (int v = PMK_TID_X; v < V; v += PMK_BDIM_X) sum += pmk_exp((l[v] - row.largest) * row.cooling);
    sum = pmk_block_sum(sum);
    row.share = 1.f / sum;
    const End end = rule.top_k < V || rule.top_p != ENDLESS ? filtered(row, rule) : whole();
    Kept left = kept(row, end);
    if (uniforms != nullptr) {
        const auto mass = [&](int v) -> u64 { return left.has(rank_of(l[v]), v) ? row.mass(l[v]) : 0; };
        u64 all = 0;
        for (int v = PMK_TID_X; v < V; v += PMK_BDIM_X) all += mass(v);
        all = pmk_block_sum(all);
        const int drawn = first_beyond(V, static_cast<u64>(static_cast<double>(uniforms[c]) * all), mass);
        if (drawn >= 0) token = drawn;
    }
    float log_probability = (l[token] - row.largest) * row.cooling - pmk_log(sum);
    if (end.of != 0) log_probability -= pmk_log(static_cast<float>(end.mass) / MASS_UNITS);
    float confidence = log_probability;
    if (rule.measure != 0) {
        pmk_sync(); // everything above has read the ignored logits
        for (int i = PMK_TID_X; i < rule.ignored; i += PMK_BDIM_X) {
            l[ids[rule.biased + rule.forbidden + i]] = -pmk_infinity();
        }
        pmk_sync();
        if (rule.raw) {
            row.cooling = 1.f;
            left = Kept{0, V};
        }
        confidence = sureness(row, left, rule.measure, token);
    }
    if (PMK_TID_X == 0) {
        tokens[c] = token;
        log_probabilities[c] = log_probability;
        confidences[c] = confidence;
    }
}
PMK_REGISTER(choose)
