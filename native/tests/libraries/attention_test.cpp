// The C interface of the attention kernels against plain loops, through the stand-in driver and compiler.
#include "driver.h"
#include "panamask_attention.h"

using namespace check;

namespace {
constexpr int BATCH = 2, ROWS = 37, HEADS = 2, KEY_HEADS = 1, WIDTH = 24;

// Two sequences of 37 rows that see the keys before them and those of the first interval.
struct Mask {
    std::vector<int> first_row = {0, ROWS, 2 * ROWS}, index, bounds;
    panamask_attention_mask mask{};

    explicit Mask(int threshold) {
        for (int r = 0; r < BATCH * ROWS; r++) {
            const int i = r % ROWS, end = threshold < 65536 ? ROWS : i + 1;
            index.push_back(i);
            bounds.insert(bounds.end(), {0, end < 5 ? 0 : 5, 5, end < 5 ? 5 : end});
            if (end < 5) bounds[bounds.size() - 3] = end;
        }
        mask = {BATCH, ROWS, first_row.data(), index.data(), bounds.data(), 0x123456789abcull, threshold};
    }

    bool sees(int row, int key) const {
        const int* const b = &bounds[row * 4];
        if (!((key >= b[0] && key < b[1]) || (key >= b[2] && key < b[3]))) return false;
        const int i = index[row];
        if (mask.annealing_threshold >= 65536 || key <= i) return true;
        u32 words[4] = {static_cast<u32>(i), static_cast<u32>((key >> 5) * 4 + ((key >> 1) & 3)), 0, 0};
        pmk_philox<7>(words, static_cast<u32>(mask.annealing_key), static_cast<u32>(mask.annealing_key >> 32));
        return static_cast<int>((words[(key >> 3) & 3] >> (16 * (key & 1))) & 0xffff) < mask.annealing_threshold;
    }
};

struct Expected {
    std::vector<double> o, dq, dk, dv;
};

template <class T>
Expected expected(const Mask& mask, const std::vector<T>& q, const std::vector<T>& k, const std::vector<T>& v,
                  const std::vector<T>& dout, double scale) {
    Expected e{std::vector<double>(q.size()), std::vector<double>(q.size()), std::vector<double>(k.size()),
               std::vector<double>(k.size())};
    for (int row = 0; row < BATCH * ROWS; row++) {
        const int base = row / ROWS * ROWS;
        for (int h = 0; h < HEADS; h++) {
            const size_t at_q = (static_cast<size_t>(row) * HEADS + h) * WIDTH;
            const auto at_k = [&](int j) { return static_cast<size_t>(base + j) * KEY_HEADS * WIDTH; };
            std::vector<double> p(ROWS), dp(ROWS);
            double sum = 0, delta = 0;
            for (int j = 0; j < ROWS; j++) {
                double score = 0;
                for (int d = 0; d < WIDTH; d++) {
                    score += at(q, at_q + d) * at(k, at_k(j) + d);
                    dp[j] += at(dout, at_q + d) * at(v, at_k(j) + d);
                }
                p[j] = mask.sees(row, j) ? std::exp(score * scale) : 0;
                sum += p[j];
            }
            for (int j = 0; j < ROWS; j++) {
                p[j] /= sum;
                delta += p[j] * dp[j];
                for (int d = 0; d < WIDTH; d++) {
                    e.o[at_q + d] += p[j] * at(v, at_k(j) + d);
                    e.dv[at_k(j) + d] += p[j] * at(dout, at_q + d);
                }
            }
            for (int j = 0; j < ROWS; j++) {
                const double ds = p[j] * (dp[j] - delta) * scale;
                for (int d = 0; d < WIDTH; d++) {
                    e.dq[at_q + d] += ds * at(k, at_k(j) + d);
                    e.dk[at_k(j) + d] += ds * at(q, at_q + d);
                }
            }
        }
    }
    return e;
}

template <class T> double error_of(const std::vector<double>& expected, const std::vector<T>& values) {
    double error = 0;
    for (size_t i = 0; i < values.size(); i++) error = worse(error, std::fabs(expected[i] - at(values, i)));
    return error;
}

template <class T> void expect_attention(const panamask_attention* attention, int threshold, double tolerance) {
    const Mask mask(threshold);
    Numbers numbers;
    const size_t rows = static_cast<size_t>(BATCH) * ROWS;
    const auto q = random_of<T>(rows * HEADS * WIDTH, numbers), dout = random_of<T>(rows * HEADS * WIDTH, numbers);
    const auto k = random_of<T>(rows * WIDTH, numbers), v = random_of<T>(rows * WIDTH, numbers);
    std::vector<int> table(panamask_attention_table_bytes(attention, &mask.mask) / sizeof(int));
    EXPECT_OK(panamask_attention_table(attention, &mask.mask, table.data()));
    Device<int> d_table(table);
    Device<T> dq(q), dk(k), dv(v), d_dout(dout), o(q.size()), gq(q.size()), gk(k.size()), gv(v.size());
    Device<float> lse(rows * HEADS), delta(rows * HEADS);
    const float scale = 0.2f;
    const panamask_attention_call call{d_table.pointer(), dq.pointer(), dk.pointer(), dv.pointer(), o.pointer(),
                                       lse.pointer(),     d_dout.pointer(), delta.pointer(), gq.pointer(), gk.pointer(),
                                       gv.pointer(),      HEADS,            KEY_HEADS,       scale};
    Stream stream;
    EXPECT_OK(panamask_attention_forward(attention, &mask.mask, &call, stream));
    EXPECT_OK(panamask_attention_backward(attention, &mask.mask, &call, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    const Expected e = expected(mask, q, k, v, dout, scale);
    EXPECT_BELOW(error_of(e.o, o.read()), tolerance);
    EXPECT_BELOW(error_of(e.dq, gq.read()), tolerance);
    EXPECT_BELOW(error_of(e.dk, gk.read()), 2 * tolerance);
    EXPECT_BELOW(error_of(e.dv, gv.read()), 2 * tolerance);
}

template <class T> void expect_both_masks(int type, double tolerance) {
    start();
    panamask_attention* attention = nullptr;
    EXPECT_OK(panamask_attention_open(type, WIDTH, &attention));
    if (!attention) return fail(__FILE__, __LINE__, panamask_attention_error());
    expect_attention<T>(attention, 65536, tolerance);
    expect_attention<T>(attention, 20000, tolerance);
    panamask_attention_close(attention);
}
}  // namespace

TEST(attention_from_c_on_tensor_cores) { expect_both_masks<bf16>(PANAMASK_BF16, 0.05); }

TEST(attention_from_c_in_f32) { expect_both_masks<float>(PANAMASK_F32, 1e-5); }

TEST(attention_from_c_says_what_it_refuses) {
    start();
    panamask_attention* attention = nullptr;
    EXPECT(panamask_attention_open(PANAMASK_BF16, 136, &attention) != 0);
    EXPECT_TEXT(panamask_attention_error(), "none is wider than 128, not 136");
    EXPECT(panamask_attention_open(7, 64, &attention) != 0);
}

TEST(attention_from_c_refuses_halves_that_lie_askew) {
    start();
    panamask_attention* attention = nullptr;
    EXPECT_OK(panamask_attention_open(PANAMASK_F16, 16, &attention));
    const Mask mask(65536);
    alignas(16) static char room[32];
    panamask_attention_call call{};
    call.q = call.k = room;
    call.v = room + 2;
    call.heads = call.key_heads = 1;
    EXPECT(panamask_attention_forward(attention, &mask.mask, &call, nullptr) != 0);
    EXPECT_TEXT(panamask_attention_error(), "v must start at a multiple of 16 bytes");
    panamask_attention_close(attention);
}
