// Stand-in for libnvrtc: compiles a kernel source with the C++ compiler of the machine into a shared library that the
// stand-in driver loads. Beside it, in its own folder, lie pmk_emu.h and the stand-in driver.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>
#include "../surface.h"

extern char** environ;

namespace {
enum { SUCCESS = 0, PROGRAM_CREATION_FAILURE = 2, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5,
       COMPILATION = 6, INTERNAL_ERROR = 11 };
constexpr int ARCHITECTURES[] = {80, 86, 89, 90};
const char* const NAMES[] = {
    "NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE", "NVRTC_ERROR_INVALID_INPUT",
    "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION", "NVRTC_ERROR_COMPILATION",
    "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE", "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
    "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION", "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
    "NVRTC_ERROR_INTERNAL_ERROR"};

struct Program {
    std::string source, name, log, image;
    std::vector<std::pair<std::string, std::string>> headers;
};

// A folder that is gone with everything in it at the end.
class Scratch {
public:
    Scratch() {
        const char* const parent = getenv("TMPDIR");
        path = std::string(parent ? parent : "/tmp") + "/panamask-nvrtc-XXXXXX";
        made = mkdtemp(path.data());
    }
    ~Scratch() {
        for (const std::string& file : files) unlink(file.c_str());
        if (made) rmdir(path.c_str());
    }
    std::string file(const std::string& name) {
        files.push_back(path + "/" + name);
        return files.back();
    }
    std::string path;
    bool made;

private:
    std::vector<std::string> files;
};

std::string read_all(const std::string& path) {
    std::string text;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return text;
    struct stat facts;
    if (!fstat(file, &facts)) text.resize(static_cast<size_t>(facts.st_size));
    for (size_t at = 0; at < text.size();) {
        const ssize_t some = read(file, text.data() + at, text.size() - at);
        if (some <= 0) break;
        at += static_cast<size_t>(some);
    }
    close(file);
    return text;
}

bool write_all(const std::string& path, const std::string& text) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    return written;
}

std::string own_folder() {
    Dl_info info;
    dladdr(reinterpret_cast<void*>(&own_folder), &info);
    const std::string file = info.dli_fname;
    const size_t slash = file.rfind('/');
    return slash == std::string::npos ? "." : file.substr(0, slash);
}

// The options that both compilers know, for this one; false for one that the real compiler refuses too.
bool translate(const std::string& option, std::vector<std::string>& out) {
    const auto after = [&](const char* start) {
        return option.compare(0, strlen(start), start) == 0 ? option.substr(strlen(start)) : std::string();
    };
    std::string architecture = after("--gpu-architecture=sm_");
    if (architecture.empty()) architecture = after("-arch=sm_");
    if (!architecture.empty()) {
        const int number = atoi(architecture.c_str());
        out.push_back("-D__CUDA_ARCH__=" + std::to_string(number * 10));
        for (int known : ARCHITECTURES) {
            if (known == number) return true;
        }
        return false;
    }
    if (!after("-D").empty()) {
        out.push_back(option);
    } else if (!after("--define-macro=").empty()) {
        out.push_back("-D" + after("--define-macro="));
    } else {
        return option == "--std=c++17" || option == "-std=c++17" || option == "--generate-line-info" ||
               option == "-lineinfo" || !after("--ptxas-options=").empty() || option == "--extra-device-vectorization";
    }
    return true;
}

std::vector<std::string> command(const std::string& folder) {
    const char *const compiler = getenv("PMK_EMU_CXX"), *const flags = getenv("PMK_EMU_CXXFLAGS");
    std::vector<std::string> words = {compiler ? compiler : "g++", "-std=c++17", "-w", "-fPIC", "-shared",
                                      "-fvisibility=hidden", "-fno-gnu-unique", "-DPMK_EMU", "-I" + folder,
                                      "-I" + own_folder()};
    // The second fuses products and sums, as the real compiler does, where the processor can.
    std::string rest = flags ? flags : "-O1 -fexpensive-optimizations";
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) words.push_back("-march=x86-64-v3");
#endif
    for (size_t at = 0; at < rest.size();) {
        const size_t space = std::min(rest.find(' ', at), rest.size());
        if (space > at) words.push_back(rest.substr(at, space - at));
        at = space + 1;
    }
    return words;
}

// The exit status, 127 if there is no such program; what it says goes to `log`.
int execute(const std::vector<std::string>& words, const std::string& log) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t child;
    const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed || waitpid(child, &status, 0) < 0) return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

int compile(Program& program, const std::vector<std::string>& options) {
    Scratch scratch;
    const std::string source = scratch.file(program.name), image = scratch.file("image.so"), log = scratch.file("log");
    bool written = scratch.made && write_all(source, program.source);
    for (const auto& [name, text] : program.headers) written = written && write_all(scratch.file(name), text);
    if (!written) {
        program.log = "the emulator cannot write to " + scratch.path;
        return INTERNAL_ERROR;
    }
    std::vector<std::string> words = command(scratch.path);
    words.insert(words.end(), options.begin(), options.end());
    for (const std::string& word : {std::string("-x"), std::string("c++"), source, std::string("-x"),
                                    std::string("none"), own_folder() + "/libcuda.so.1", std::string("-o"), image}) {
        words.push_back(word);
    }
    const int status = execute(words, log);
    program.log = status == 127 ? words[0] + " cannot be run" : read_all(log);
    if (status) return COMPILATION;
    const std::string library = read_all(image);
    const unsigned long long bytes = library.size();
    program.image = std::string("PMKEMU1\0", 8) + std::string(reinterpret_cast<const char*>(&bytes), 8) + library;
    return SUCCESS;
}
}  // namespace

#define PMK_NVRTC_ENTER \
    if (const int refused_ = pmkEmuEnter("nvrtc", __func__)) return refused_

extern "C" {
int nvrtcVersion(int* major, int* minor) {
    PMK_NVRTC_ENTER;
    *major = 13;
    *minor = 0;
    return SUCCESS;
}

const char* nvrtcGetErrorString(int code) {
    return code >= 0 && code < static_cast<int>(sizeof NAMES / sizeof *NAMES) ? NAMES[code] : "NVRTC_ERROR unknown";
}

int nvrtcGetNumSupportedArchs(int* count) {
    PMK_NVRTC_ENTER;
    *count = sizeof ARCHITECTURES / sizeof *ARCHITECTURES;
    return SUCCESS;
}

int nvrtcGetSupportedArchs(int* architectures) {
    PMK_NVRTC_ENTER;
    memcpy(architectures, ARCHITECTURES, sizeof ARCHITECTURES);
    return SUCCESS;
}

int nvrtcCreateProgram(void** out, const char* source, const char* name, int count, const char* const* texts,
                       const char* const* names) {
    PMK_NVRTC_ENTER;
    if (!source) return INVALID_INPUT;
    auto* const program = new Program{source, name && *name ? name : "default_program.cu", "", "", {}};
    for (int i = 0; i < count; i++) program->headers.emplace_back(names[i], texts[i]);
    *out = program;
    return SUCCESS;
}

int nvrtcDestroyProgram(void** program) {
    PMK_NVRTC_ENTER;
    if (!program || !*program) return INVALID_PROGRAM;
    delete static_cast<Program*>(*program);
    *program = nullptr;
    return SUCCESS;
}

int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    PMK_NVRTC_ENTER;
    std::vector<std::string> translated;
    for (int i = 0; i < count; i++) {
        if (!translate(options[i], translated)) {
            program->log = std::string("nvrtc: error: invalid value or option: ") + options[i];
            return INVALID_OPTION;
        }
    }
    return compile(*program, translated);
}

int nvrtcGetProgramLogSize(Program* program, size_t* bytes) {
    PMK_NVRTC_ENTER;
    *bytes = program->log.size() + 1;
    return SUCCESS;
}

int nvrtcGetProgramLog(Program* program, char* log) {
    PMK_NVRTC_ENTER;
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return SUCCESS;
}

int nvrtcGetCUBINSize(Program* program, size_t* bytes) {
    PMK_NVRTC_ENTER;
    if (program->image.empty()) return INVALID_PROGRAM;
    *bytes = program->image.size();
    return SUCCESS;
}

int nvrtcGetCUBIN(Program* program, char* image) {
    PMK_NVRTC_ENTER;
    if (program->image.empty()) return INVALID_PROGRAM;
    memcpy(image, program->image.data(), program->image.size());
    return SUCCESS;
}

int nvrtcGetPTXSize(Program*, size_t* bytes) {
    PMK_NVRTC_ENTER;
    *bytes = 0;
    return INVALID_PROGRAM;
}

int nvrtcGetPTX(Program*, char*) {
    PMK_NVRTC_ENTER;
    return INVALID_PROGRAM;
}
}
