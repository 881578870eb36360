// Whole kernels with everything in them: a product of tiles, a row norm, attention and its gradient. The mutation test
// plants defects in these kernels and runs this file.
#include <algorithm>
#include "check.h"

using namespace check;

namespace {
struct Attention {
    const bf16 *q, *k, *v, *d_out;
    bf16* out;
    float *log_sum, *delta, *d_q;
    int length;
    float scale;
    u32 threshold, seed;
};
constexpr int WIDTH = 64;

bool visible(const Attention& p, int i, int j) {
    if (j <= i) return true;
    u32 words[4] = {static_cast<u32>(i), static_cast<u32>((j >> 5) * 4 + ((j >> 1) & 3)), 0, 0};
    pmk_philox<7>(words, p.seed, 0);
    return ((words[(j >> 3) & 3] >> (16 * (j & 1))) & 0xffff) < p.threshold;
}

// What attention should give for one query, in f64.
struct Row {
    std::vector<double> weights, out;
    double log_sum = 0, delta = 0;
};

Row row_of(const Attention& p, int i) {
    Row row{std::vector<double>(p.length), std::vector<double>(WIDTH)};
    double top = -INFINITY, sum = 0;
    const auto dot = [](const bf16* a, const bf16* b) {
        double total = 0;
        for (int d = 0; d < WIDTH; d++) total += static_cast<double>(pmk_to_f32(a[d])) * pmk_to_f32(b[d]);
        return total;
    };
    for (int j = 0; j < p.length; j++) {
        row.weights[j] = visible(p, i, j) ? dot(p.q + i * WIDTH, p.k + j * WIDTH) * p.scale : -INFINITY;
        top = std::max(top, row.weights[j]);
    }
    for (double& weight : row.weights) sum += weight = std::exp(weight - top);
    for (int j = 0; j < p.length; j++) {
        row.weights[j] /= sum;
        for (int d = 0; d < WIDTH; d++) row.out[d] += row.weights[j] * pmk_to_f32(p.v[j * WIDTH + d]);
    }
    row.log_sum = top + std::log(sum);
    for (int d = 0; d < WIDTH; d++) row.delta += row.out[d] * pmk_to_f32(p.d_out[i * WIDTH + d]);
    return row;
}

void expect_attention(int length, u32 threshold) {
    Numbers numbers;
    const size_t count = static_cast<size_t>(length) * WIDTH;
    const auto q = random_of<bf16>(count, numbers), k = random_of<bf16>(count, numbers);
    const auto v = random_of<bf16>(count, numbers), d_out = random_of<bf16>(count, numbers);
    auto out = empty_of<bf16>(count);
    auto log_sum = empty_of<float>(length), delta = empty_of<float>(length);
    std::vector<float> d_q(count);
    const Attention p{q.data(), k.data(), v.data(), d_out.data(), out.data(), log_sum.data(), delta.data(), d_q.data(),
                      length,   0.125f,   threshold, 77};
    const unsigned blocks = static_cast<unsigned>(length + 63) / 64;
    const std::string forward = launch("attention_forward", {blocks, 1, 1}, 128, 3 * 64 * 64 * 2, p);
    if (!forward.empty()) fail(__FILE__, __LINE__, forward);
    std::vector<Row> rows;
    double out_error = 0, sum_error = 0;
    for (int i = 0; i < length; i++) {
        rows.push_back(row_of(p, i));
        for (int d = 0; d < WIDTH; d++) out_error = worse(out_error, std::fabs(rows[i].out[d] - at(out, i * WIDTH + d)));
        sum_error = worse(sum_error, std::fabs(rows[i].log_sum - log_sum[i]));
        delta[i] = static_cast<float>(rows[i].delta);
        log_sum[i] = static_cast<float>(rows[i].log_sum);
    }
    EXPECT_BELOW(out_error, 0.01);
    EXPECT_BELOW(sum_error, 1e-4);
    const size_t bytes = (4 * 64 * 64 + 64 * 72) * 2;
    const std::string backward = launch("attention_query_gradient", {blocks, 1, 1}, 128, bytes, p);
    if (!backward.empty()) fail(__FILE__, __LINE__, backward);
    double gradient_error = 0;
    for (int i = 0; i < length; i++) {
        std::vector<double> expected(WIDTH);
        for (int j = 0; j < length; j++) {
            double dp = 0;
            for (int d = 0; d < WIDTH; d++) dp += at(d_out, i * WIDTH + d) * at(v, j * WIDTH + d);
            const double ds = rows[i].weights[j] * (dp - rows[i].delta) * p.scale;
            for (int d = 0; d < WIDTH; d++) expected[d] += ds * at(k, j * WIDTH + d);
        }
        for (int d = 0; d < WIDTH; d++) {
            gradient_error = worse(gradient_error, std::fabs(expected[d] - d_q[i * WIDTH + d]));
        }
    }
    EXPECT_BELOW(gradient_error, 0.01);
}
}  // namespace

TEST(tiles_of_a_product) {
    constexpr int M = 100, N = 136, K = 72;
    Numbers numbers;
    const auto a = random_of<bf16>(M * K, numbers), b = random_of<bf16>(N * K, numbers);
    auto c = empty_of<bf16>(M * N);
    const std::string said = launch("tile_product", {3, 2, 1}, 128, 0, a.data(), b.data(), c.data(), M, N, K);
    if (!said.empty()) fail(__FILE__, __LINE__, said);
    double error = 0;
    for (int m = 0; m < M; m++) {
        for (int n = 0; n < N; n++) {
            double sum = 0;
            for (int k = 0; k < K; k++) sum += at(a, m * K + k) * at(b, n * K + k);
            error = worse(error, std::fabs(sum - at(c, m * N + n)) / (1 + std::fabs(sum)));
        }
    }
    EXPECT_BELOW(error, 0.008);
}

TEST(rows_are_normalized_and_their_gradient) {
    constexpr int N = 12, D = 2112;
    Numbers numbers;
    const auto x = random_of<bf16>(N * D, numbers), g = random_of<bf16>(D, numbers), dy = random_of<bf16>(N * D, numbers);
    auto y = empty_of<bf16>(N * D), dx = empty_of<bf16>(N * D);
    auto scale = empty_of<float>(N), partial = empty_of<float>(4 * D);
    const std::string forward =
        launch("row_norm_forward", {N, 1, 1}, 256, 0, x.data(), g.data(), y.data(), scale.data(), D, 1e-6f);
    if (!forward.empty()) fail(__FILE__, __LINE__, forward);
    const std::string backward = launch("row_norm_backward", {4, 1, 1}, 256, 0, x.data(), g.data(), dy.data(),
                                        scale.data(), dx.data(), partial.data(), N, D);
    if (!backward.empty()) fail(__FILE__, __LINE__, backward);
    double y_error = 0, dx_error = 0, dg_error = 0;
    std::vector<double> dg(D);
    for (int n = 0; n < N; n++) {
        double squares = 0, dot = 0;
        for (int d = 0; d < D; d++) squares += at(x, n * D + d) * at(x, n * D + d);
        const double r = 1 / std::sqrt(squares / D + 1e-6);
        for (int d = 0; d < D; d++) {
            const double unit = at(x, n * D + d) * r;
            dot += at(dy, n * D + d) * at(g, d) * unit;
            dg[d] += at(dy, n * D + d) * unit;
            y_error = worse(y_error, std::fabs(unit * at(g, d) - at(y, n * D + d)));
        }
        for (int d = 0; d < D; d++) {
            const double unit = at(x, n * D + d) * r;
            const double expected = r * (at(dy, n * D + d) * at(g, d) - unit * dot / D);
            dx_error = worse(dx_error, std::fabs(expected - at(dx, n * D + d)));
        }
    }
    for (int d = 0; d < D; d++) {
        double sum = 0;
        for (int block = 0; block < 4; block++) sum += partial[block * D + d];
        dg_error = worse(dg_error, std::fabs(sum - dg[d]));
    }
    EXPECT_BELOW(y_error, 0.01);
    EXPECT_BELOW(dx_error, 0.02);
    EXPECT_BELOW(dg_error, 1e-4);
}

TEST(attention_and_the_gradient_of_its_queries) {
    expect_attention(150, 20000);
    expect_attention(64, 0);
}
