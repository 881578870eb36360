package org.panamask.ffi;

import java.util.List;

/// A library of NVIDIA's, or FlashAttention, as it is searched for. None of them is needed where no GPU is used.
public enum CudaLibrary {
    /// The driver, installed with the GPU.
    CUDA("cuda", List.of("libcuda.so.1")),
    /// The run-time compiler of kernels.
    NVRTC("nvrtc", List.of("libnvrtc.so.13", "libnvrtc.so.12")),
    /// Matrix products.
    CUBLASLT("cublaslt", List.of("libcublasLt.so.13", "libcublasLt.so.12")),
    /// Grouped matrix products.
    CUBLAS("cublas", List.of("libcublas.so.13", "libcublas.so.12")),
    /// Graphs of operations.
    CUDNN("cudnn", List.of("libcudnn.so.9")),
    /// Communication between GPUs.
    NCCL("nccl", List.of("libnccl.so.2")),
    /// The runtime that FlashAttention is linked with.
    CUDART("cudart", List.of("libcudart.so.13", "libcudart.so.12")),
    /// FlashAttention's C API.
    FLASHATTN("flashattn", List.of("libflashattn.so"));

    private final String label;
    private final List<String> files;

    CudaLibrary(String label, List<String> files) {
        this.label = label;
        this.files = files;
    }

    /// Its name in `panamask.lib.NAME`, in the ledger of libraries, and in messages.
    public String label() {
        return label;
    }

    /// The file names it may have, the preferred one first.
    List<String> files() {
        return files;
    }

    /// The release of CUDA that the file `name` belongs to, 12 for `libnvrtc.so.12`; 0 where a name does not tell.
    int release(String name) {
        return switch (this) {
            case NVRTC, CUBLASLT, CUBLAS, CUDART -> Integer.parseInt(name.substring(name.lastIndexOf('.') + 1));
            case CUDA, CUDNN, NCCL, FLASHATTN -> 0;
        };
    }
}
