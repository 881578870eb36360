// The stand-ins of cuBLASLt and cuBLAS against plain loops, and the rules of 8-bit products on compute capability 8.9.
#include "driver.h"

extern "C" {
int cublasLtCreate(void**);
int cublasLtDestroy(void*);
int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescDestroy(void*);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatrixLayoutCreate(void**, int, u64, u64, i64);
int cublasLtMatrixLayoutDestroy(void*);
int cublasLtMatrixLayoutSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void*, int*);
int cublasLtMatmul(void*, void*, const float*, const void*, void*, const void*, void*, const float*, const void*, void*,
                   void*, void*, const void*, void*, size_t, void*);
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasGemmGroupedBatchedEx(void*, const int*, const int*, const int*, const int*, const int*, const float*,
                               const void* const*, int, const int*, const void* const*, int, const int*, const float*,
                               void* const*, int, const int*, int, const int*, int);
}

using namespace check;

namespace {
enum { F32 = 0, F16 = 2, BF16 = 14, E4M3 = 28, E5M2 = 29, COMPUTE_F32 = 68, NOT_SUPPORTED = 15 };
enum { TRANS_A = 3, TRANS_B = 4, EPILOGUE = 7, BIAS = 8, A_SCALE = 17, B_SCALE = 18, AMAX_D = 21, BIAS_TYPE = 26 };

// One product: layouts are column-major, op(A) is [m, k], op(B) [k, n], C and D [m, n].
struct Case {
    int a_type, b_type, d_type;
    bool ta, tb;
    u64 m, n, k;
    int batch = 1;
    float alpha = 1, beta = 0;
};

struct Objects {
    void *handle = nullptr, *descriptor = nullptr, *a = nullptr, *b = nullptr, *d = nullptr;

    explicit Objects(const Case& c) {
        EXPECT_OK(cublasLtCreate(&handle));
        EXPECT_OK(cublasLtMatmulDescCreate(&descriptor, COMPUTE_F32, F32));
        set(TRANS_A, static_cast<int>(c.ta));
        set(TRANS_B, static_cast<int>(c.tb));
        layout(&a, c.a_type, c.ta ? c.k : c.m, c.ta ? c.m : c.k, c.batch);
        layout(&b, c.b_type, c.tb ? c.n : c.k, c.tb ? c.k : c.n, c.batch);
        layout(&d, c.d_type, c.m, c.n, c.batch);
    }
    ~Objects() {
        for (void* one : {a, b, d}) cublasLtMatrixLayoutDestroy(one);
        cublasLtMatmulDescDestroy(descriptor);
        cublasLtDestroy(handle);
    }
    Objects(const Objects&) = delete;
    template <class V> void set(int attribute, V value) {
        EXPECT_OK(cublasLtMatmulDescSetAttribute(descriptor, attribute, &value, sizeof value));
    }
    int heuristic() const {
        char results[96];
        int got = 0;
        const int status = cublasLtMatmulAlgoGetHeuristic(handle, descriptor, a, b, d, d, nullptr, 1, results, &got);
        EXPECT_EQUAL(got, status ? 0 : 1);
        return status;
    }

private:
    static void layout(void** out, int type, u64 rows, u64 columns, int batch) {
        EXPECT_OK(cublasLtMatrixLayoutCreate(out, type, rows, columns, static_cast<i64>(rows)));
        const i64 stride = static_cast<i64>(rows * columns);
        EXPECT_OK(cublasLtMatrixLayoutSetAttribute(*out, 5, &batch, sizeof batch));
        EXPECT_OK(cublasLtMatrixLayoutSetAttribute(*out, 6, &stride, sizeof stride));
    }
};

// The largest difference from plain loops, of D as it was stored.
template <class A, class B, class D> double error_of(const Case& c, int epilogue, const std::vector<D>& bias) {
    start();
    Numbers numbers;
    const auto a = random_of<A>(c.m * c.k * c.batch, numbers);
    const auto b = random_of<B>(c.n * c.k * c.batch, numbers);
    const auto before = random_of<D>(c.m * c.n * c.batch, numbers);
    Device<A> da(a);
    Device<B> db(b);
    Device<D> dd(before), dbias(bias.empty() ? std::vector<D>(1) : bias);
    Stream stream;
    Objects objects(c);
    if (epilogue != 1) {
        objects.set(EPILOGUE, epilogue);
        objects.set(BIAS, dbias.pointer());
    }
    EXPECT_OK(objects.heuristic());
    EXPECT_OK(cublasLtMatmul(objects.handle, objects.descriptor, &c.alpha, da.pointer(), objects.a, db.pointer(),
                             objects.b, &c.beta, dd.pointer(), objects.d, dd.pointer(), objects.d, nullptr, nullptr, 0,
                             stream));
    const auto d = dd.read();
    double error = 0;
    for (int q = 0; q < c.batch; q++) {
        for (u64 i = 0; i < c.m; i++) {
            for (u64 j = 0; j < c.n; j++) {
                double sum = 0;
                for (u64 x = 0; x < c.k; x++) {
                    sum += at(a, q * c.m * c.k + (c.ta ? x + i * c.k : i + x * c.m)) *
                           at(b, q * c.n * c.k + (c.tb ? j + x * c.n : x + j * c.k));
                }
                const size_t place = q * c.m * c.n + i + j * c.m;
                double value = c.alpha * sum + c.beta * at(before, place);
                if (epilogue & 4) value += at(bias, i);
                if (epilogue & 32) {
                    value = 0.5 * value * (1 + std::tanh(0.7978845608 * (value + 0.044715 * value * value * value)));
                }
                error = worse(error, std::fabs(value - at(d, place)));
            }
        }
    }
    return error;
}
}  // namespace

TEST(products_of_all_orientations) {
    for (const bool ta : {false, true}) {
        for (const bool tb : {false, true}) {
            const Case wide{F32, F32, F32, ta, tb, 19, 23, 37, 2, 0.5f, 1.f};
            EXPECT_BELOW((error_of<float, float, float>(wide, 1, {})), 1e-5);
            const Case half{BF16, BF16, F32, ta, tb, 24, 8, 40};
            EXPECT_BELOW((error_of<bf16, bf16, float>(half, 1, {})), 1e-5);
            const Case same{F16, F16, F16, ta, tb, 5, 18, 33, 3};
            EXPECT_BELOW((error_of<f16, f16, f16>(same, 1, {})), 0.01);
        }
    }
}

TEST(epilogues_follow_the_sum) {
    Numbers numbers;
    const Case c{BF16, BF16, BF16, true, false, 24, 10, 32};
    const auto bias = random_of<bf16>(24, numbers);
    for (const int epilogue : {4, 32, 36}) EXPECT_BELOW((error_of<bf16, bf16, bf16>(c, epilogue, bias)), 0.05);
}

TEST(products_of_eight_bits_are_scaled) {
    const Case c{E4M3, E5M2, F32, true, false, 32, 24, 48, 1, 1, 0};
    EXPECT_BELOW((error_of<e4m3, e5m2, float>(c, 1, {})), 1e-4);
    start();
    Objects objects(c);
    Device<e4m3> a(std::vector<e4m3>(32 * 48, e4m3{0x38}));
    Device<e5m2> b(std::vector<e5m2>(24 * 48, e5m2{0x3c}));
    Device<float> d(32 * 24), scales(std::vector<float>{0.5f, 3.f});
    objects.set(A_SCALE, scales.pointer());
    objects.set(B_SCALE, scales.pointer() + 1);
    const float alpha = 2, beta = 0;
    Stream stream;
    EXPECT_OK(cublasLtMatmul(objects.handle, objects.descriptor, &alpha, a.pointer(), objects.a, b.pointer(), objects.b,
                             &beta, d.pointer(), objects.d, d.pointer(), objects.d, nullptr, nullptr, 0, stream));
    EXPECT_EQUAL(d.read()[5], 48 * 2 * 1.5f);
}

TEST(products_of_eight_bits_keep_the_rules_of_the_device) {
    start();
    const auto status = [](const Case& c) { return Objects(c).heuristic(); };
    EXPECT_OK(status({E4M3, E4M3, BF16, true, false, 32, 16, 64}));
    EXPECT_EQUAL(status({E4M3, E4M3, BF16, false, false, 32, 16, 64}), int{NOT_SUPPORTED});
    EXPECT_EQUAL(status({E4M3, E4M3, BF16, true, true, 32, 16, 64}), int{NOT_SUPPORTED});
    EXPECT_EQUAL(status({E5M2, E5M2, BF16, true, false, 32, 16, 64}), int{NOT_SUPPORTED});
    EXPECT_EQUAL(status({E4M3, BF16, BF16, true, false, 32, 16, 64}), int{NOT_SUPPORTED});
    EXPECT_EQUAL(status({E4M3, E4M3, BF16, true, false, 24, 16, 64}), int{NOT_SUPPORTED});
    EXPECT_EQUAL(status({E4M3, E4M3, BF16, true, false, 32, 16, 40}), int{NOT_SUPPORTED});
}

TEST(groups_are_products_of_several_sizes) {
    start();
    Stream stream;
    Device<float> a(std::vector<float>(64, 1)), b(std::vector<float>(64, 2)), c(std::vector<float>(64, 0));
    const float *const pa[] = {a.pointer(), a.pointer(), a.pointer()};
    const float *const pb[] = {b.pointer(), b.pointer(), b.pointer()};
    float* const pc[] = {c.pointer(), c.pointer() + 16, c.pointer() + 32};
    Device<const float*> da(std::vector<const float*>(pa, pa + 3)), db(std::vector<const float*>(pb, pb + 3));
    Device<float*> dc(std::vector<float*>(pc, pc + 3));
    const int none[] = {0, 0}, m[] = {2, 3}, n[] = {4, 1}, k[] = {5, 7}, sizes[] = {2, 1};
    const float alpha[] = {1, 10}, beta[] = {0, 0};
    void* handle = nullptr;
    EXPECT_OK(cublasCreate_v2(&handle));
    EXPECT_OK(cublasSetStream_v2(handle, stream));
    EXPECT_OK(cublasGemmGroupedBatchedEx(handle, none, none, m, n, k, alpha,
                                         reinterpret_cast<const void* const*>(da.at), F32, m,
                                         reinterpret_cast<const void* const*>(db.at), F32, k, beta,
                                         reinterpret_cast<void* const*>(dc.at), F32, m, 2, sizes, COMPUTE_F32));
    const std::vector<float> out = c.read();
    EXPECT_EQUAL(out[7], 10.f);
    EXPECT_EQUAL(out[8], 0.f);
    EXPECT_EQUAL(out[16 + 7], 10.f);
    EXPECT_EQUAL(out[32 + 2], 140.f);
    EXPECT_OK(cublasDestroy_v2(handle));
}
