package org.panamask.ffi;

import java.util.List;

/// What oneDNN's calls return: `dnnl_status_t` of its `dnnl_common_types.h`, by position.
final class DnnlStatus {
    private record Status(String name, String meaning) {}

    private static final List<Status> STATUSES = List.of(
            new Status("dnnl_success", "done"),
            new Status("dnnl_out_of_memory", "out of memory"),
            new Status("dnnl_invalid_arguments", "wrong arguments"),
            new Status("dnnl_unimplemented", "no implementation for this on this processor"),
            new Status("dnnl_last_impl_reached", "no further implementation"),
            new Status("dnnl_runtime_error", "the primitive or engine failed while running"),
            new Status("dnnl_not_required", "the queried value does not apply"));

    private DnnlStatus() {}

    static void check(int status, String call) {
        if (status != 0) {
            boolean known = status > 0 && status < STATUSES.size();
            Status described = known ? STATUSES.get(status) : new Status("unknown status", "see dnnl_status_t");
            throw new NativeException(call, described.name(), described.meaning(), status);
        }
    }
}
