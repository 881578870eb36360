package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// An object of cuDNN's graph interface: made, given attributes, finished, and then only read. What it refers to must
/// stay open as long as it.
public abstract sealed class CudnnDescriptor extends NativeHandle
        permits CudnnTensor, CudnnOperation, CudnnOperation.Config, CudnnGraph, CudnnDevice, CudnnPlan, CudnnPlan.Part {
    private final String kind;

    CudnnDescriptor(String kind, int type, NativeObjects objects) {
        super("cudnn " + kind, create(type, kind), objects, CudnnDescriptor::destroy);
        this.kind = kind;
    }

    private static MemorySegment create(int type, String kind) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            CudnnException.check(
                    Cudnn.cudnnBackendCreateDescriptor(type, out), "cudnnBackendCreateDescriptor of a " + kind);
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    private static void destroy(MemorySegment descriptor) {
        CudnnException.check(Cudnn.cudnnBackendDestroyDescriptor(descriptor), "cudnnBackendDestroyDescriptor");
    }

    final MemorySegment descriptor() {
        return address();
    }

    final void finish() {
        check(Cudnn.cudnnBackendFinalize(address()), "cudnnBackendFinalize");
    }

    final void check(int status, String call) {
        CudnnException.check(status, call + " of a " + kind);
    }

    private void put(int attribute, int type, long count, MemorySegment values) {
        check(
                Cudnn.cudnnBackendSetAttribute(address(), attribute, type, count, values),
                "cudnnBackendSetAttribute " + attribute);
    }

    final void putLongs(int attribute, long... values) {
        try (Arena frame = Arena.ofConfined()) {
            put(attribute, Cudnn.CUDNN_TYPE_INT64(), values.length, frame.allocateFrom(ValueLayout.JAVA_LONG, values));
        }
    }

    /// A number of an enumeration, which is `type`.
    final void putCode(int attribute, int type, int code) {
        try (Arena frame = Arena.ofConfined()) {
            put(attribute, type, 1, frame.allocateFrom(ValueLayout.JAVA_INT, code));
        }
    }

    final void putFlag(int attribute, boolean value) {
        try (Arena frame = Arena.ofConfined()) {
            put(attribute, Cudnn.CUDNN_TYPE_BOOLEAN(), 1, frame.allocateFrom(ValueLayout.JAVA_BYTE, (byte)
                    (value ? 1 : 0)));
        }
    }

    final void putText(int attribute, String text) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment bytes = frame.allocateFrom(text);
            put(attribute, Cudnn.CUDNN_TYPE_CHAR(), bytes.byteSize() - 1, bytes);
        }
    }

    final void putPointers(int attribute, int type, List<MemorySegment> pointers) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment array = frame.allocate(ValueLayout.ADDRESS, Math.max(1, pointers.size()));
            for (int i = 0; i < pointers.size(); i++) {
                array.setAtIndex(ValueLayout.ADDRESS, i, pointers.get(i));
            }
            put(attribute, type, pointers.size(), array);
        }
    }

    final void putDescriptors(int attribute, List<? extends CudnnDescriptor> descriptors) {
        putPointers(
                attribute,
                Cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR(),
                descriptors.stream().map(CudnnDescriptor::descriptor).toList());
    }

    final void putDescriptor(int attribute, CudnnDescriptor descriptor) {
        putDescriptors(attribute, List.of(descriptor));
    }

    /// Reads up to `room` values into `values` and returns how many there are.
    final long read(int attribute, int type, long room, MemorySegment values) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment count = frame.allocate(ValueLayout.JAVA_LONG);
            check(
                    Cudnn.cudnnBackendGetAttribute(address(), attribute, type, room, count, values),
                    "cudnnBackendGetAttribute " + attribute);
            return count.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    final long readLong(int attribute) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment value = frame.allocate(ValueLayout.JAVA_LONG);
            read(attribute, Cudnn.CUDNN_TYPE_INT64(), 1, value);
            return value.get(ValueLayout.JAVA_LONG, 0);
        }
    }
}
