// The C functions: kernels are compiled when they are opened, and launched with the structure that they take.
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#include "cuda_api.h"
#include "panamask_attention.h"
#include "sources.h"
#include "tiling.h"

// What every kernel takes: AttentionProblem of kernels/attention.cuh.
struct Problem {
    const void *q, *k, *v;
    void* o;
    float* lse;
    const void* dout;
    float *delta, *dq_sum;
    void *dq, *dk, *dv;
    const int *tiles, *tile_starts, *index, *bounds;
    const unsigned *given, *draws;
    const int* dropout_rows;
    void* o_rest;
    int rows, heads, key_heads, width, keys, annealed, add_queries, add_keys, add_values;
    float scale, dropout_scale;
    int reserved;
};

struct panamask_attention {
    panamask::Tiling tiling;
    int width;
    std::map<std::string, void*> modules;
    std::map<std::string, void*> functions;

    panamask_attention(panamask::Tiling of, int wide) : tiling(of), width(wide) {}
    ~panamask_attention() {
        for (const auto& [family, module] : modules) cuModuleUnload(module);
    }
};

namespace {
using panamask::Part;
using panamask::Table;

constexpr int MAX_DYNAMIC_SHARED = 8, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76, WIDEST = 128, OPEN = 65536, ALIGNMENT = 16;
thread_local std::string last_error;

void check(int status, const char* what) {
    if (!status) return;
    const char* text = nullptr;
    cuGetErrorString(status, &text);
    throw std::runtime_error(std::string(what) + ": " + (text ? text : "error " + std::to_string(status)));
}

template <class Body> int guarded(const Body& body) {
    try {
        body();
        return 0;
    } catch (const std::exception& failed) {
        last_error = failed.what();
        return 1;
    }
}

std::string architecture() {
    int device = 0, major = 0, minor = 0;
    check(cuCtxGetDevice(&device), "cuCtxGetDevice");
    check(cuDeviceGetAttribute(&major, CAPABILITY_MAJOR, device), "cuDeviceGetAttribute");
    check(cuDeviceGetAttribute(&minor, CAPABILITY_MINOR, device), "cuDeviceGetAttribute");
    return "--gpu-architecture=sm_" + std::to_string(major) + std::to_string(minor);
}

std::vector<char> compile(const char* family, const panamask::Tiling& tiling) {
    static const char* const types[] = {"float", "f16", "bf16"};
    std::vector<std::string> options = {architecture(), "--std=c++17", std::string("-DPMK_T=") + types[tiling.type],
                                        "-DPMK_D=" + std::to_string(tiling.padded)};
    if (!tiling.streams()) options.insert(options.end(), {"-DPMK_ROWS=64", "-DPMK_KEYS=64"});
    std::vector<const char*> words;
    for (const std::string& option : options) words.push_back(option.c_str());
    void* program = nullptr;
    const std::string name = std::string(family) + ".cu";
    int status = nvrtcCreateProgram(&program, panamask::source_of(family), name.c_str(), panamask::HEADERS,
                                    panamask::HEADER_TEXTS, panamask::HEADER_NAMES);
    std::string log;
    std::vector<char> image;
    size_t bytes = 0;
    if (!status) {
        status = nvrtcCompileProgram(program, static_cast<int>(words.size()), words.data());
        if (!nvrtcGetProgramLogSize(program, &bytes)) {
            log.resize(bytes);
            nvrtcGetProgramLog(program, log.data());
        }
        if (!status) status = nvrtcGetCUBINSize(program, &bytes);
        image.resize(status ? 0 : bytes);
        if (!status) status = nvrtcGetCUBIN(program, image.data());
        nvrtcDestroyProgram(&program);
    }
    if (status) throw std::runtime_error(name + ": " + nvrtcGetErrorString(status) + "\n" + log);
    return image;
}

void load(panamask_attention& attention, const Part& part) {
    void*& module = attention.modules[part.family];
    if (!module) {
        const std::vector<char> image = compile(part.family, attention.tiling);
        check(cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr), part.family);
    }
    void* function = nullptr;
    check(cuModuleGetFunction(&function, module, part.name), part.name);
    check(cuFuncSetAttribute(function, MAX_DYNAMIC_SHARED, static_cast<int>(part.shared_bytes)), part.name);
    attention.functions[part.name] = function;
}

struct Grid {
    int x, y, z;
};

void launch(const panamask_attention& attention, const Part& part, Grid grid, Problem& problem, void* stream) {
    if (!grid.x || !grid.y || !grid.z) return;
    void* arguments[] = {&problem};
    check(cuLaunchKernel(attention.functions.at(part.name), static_cast<unsigned>(grid.x),
                         static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z), part.threads, 1, 1,
                         part.shared_bytes, stream, arguments, nullptr),
          part.name);
}

// Rows are copied in pieces of 16 bytes on tensor cores.
void require_aligned(const panamask_attention_call& call) {
    const std::pair<const char*, const void*> all[] = {{"q", call.q},   {"k", call.k},   {"v", call.v},   {"o", call.o},
                                                       {"dout", call.dout}, {"dq", call.dq}, {"dk", call.dk}, {"dv", call.dv}};
    for (const auto& [name, address] : all) {
        if (reinterpret_cast<std::uintptr_t>(address) % ALIGNMENT) {
            throw std::invalid_argument(std::string(name) + " must start at a multiple of 16 bytes");
        }
    }
}

Problem problem_of(const panamask_attention& attention, const panamask_attention_mask& mask,
                   const panamask_attention_call& call, const Table& table) {
    if (call.key_heads < 1 || call.heads % call.key_heads) {
        throw std::invalid_argument("heads must be a multiple of key_heads, not " + std::to_string(call.heads) +
                                    " and " + std::to_string(call.key_heads));
    }
    if (!attention.tiling.streams()) require_aligned(call);
    const int* const at = static_cast<const int*>(call.table);
    Problem p{};
    p.q = call.q;
    p.k = call.k;
    p.v = call.v;
    p.o = call.o;
    p.lse = call.lse;
    p.dout = call.dout;
    p.delta = call.delta;
    p.dq = call.dq;
    p.dk = call.dk;
    p.dv = call.dv;
    p.draws = reinterpret_cast<const unsigned*>(at);
    p.tiles = at + 7;
    p.tile_starts = at + table.tile_starts();
    p.index = at + table.indices();
    p.bounds = at + table.bounds();
    p.rows = table.row_count();
    p.heads = call.heads;
    p.key_heads = call.key_heads;
    p.width = attention.width;
    p.keys = mask.keys;
    p.annealed = mask.annealing_threshold < OPEN;
    p.scale = call.scale;
    p.dropout_scale = 1;
    return p;
}

int blocks(int items, const Part& part) { return (items + part.side - 1) / part.side; }
}  // namespace

extern "C" {
int panamask_attention_open(int type, int width, panamask_attention** out) {
    return guarded([&] {
        if (type < PANAMASK_F32 || type > PANAMASK_BF16) throw std::invalid_argument("no type " + std::to_string(type));
        if (width < 1 || width > WIDEST || (type != PANAMASK_F32 && width % 8)) {
            throw std::invalid_argument("heads of 16-bit types are a multiple of 8 wide, and none is wider than 128, not " +
                                        std::to_string(width));
        }
        auto made = std::make_unique<panamask_attention>(panamask::Tiling::of(type, width), width);
        const panamask::Tiling& tiling = made->tiling;
        for (const Part& part : {tiling.forward(), tiling.delta(), tiling.keys(), tiling.queries()}) load(*made, part);
        *out = made.release();
    });
}

size_t panamask_attention_table_bytes(const panamask_attention* attention, const panamask_attention_mask* mask) {
    return Table(*mask, attention->tiling.rows()).integers() * sizeof(int);
}

int panamask_attention_table(const panamask_attention* attention, const panamask_attention_mask* mask, void* table) {
    return guarded([&] { Table(*mask, attention->tiling.rows()).write(static_cast<int*>(table)); });
}

int panamask_attention_forward(const panamask_attention* attention, const panamask_attention_mask* mask,
                               const panamask_attention_call* call, void* stream) {
    return guarded([&] {
        const Table table(*mask, attention->tiling.rows());
        Problem problem = problem_of(*attention, *mask, *call, table);
        launch(*attention, attention->tiling.forward(), {table.tiles(), call->heads, 1}, problem, stream);
    });
}

int panamask_attention_backward(const panamask_attention* attention, const panamask_attention_mask* mask,
                                const panamask_attention_call* call, void* stream) {
    return guarded([&] {
        const panamask::Tiling& tiling = attention->tiling;
        const Table table(*mask, tiling.rows());
        Problem problem = problem_of(*attention, *mask, *call, table);
        const Part delta = tiling.delta(), keys = tiling.keys();
        launch(*attention, delta, {blocks(problem.rows, delta), call->heads, 1}, problem, stream);
        launch(*attention, tiling.queries(), {table.tiles(), call->heads, 1}, problem, stream);
        launch(*attention, keys, {blocks(mask->keys, keys), call->key_heads, mask->batch}, problem, stream);
    });
}

void panamask_attention_close(panamask_attention* attention) { delete attention; }

const char* panamask_attention_error(void) { return last_error.c_str(); }
}
