package org.panamask.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.panamask.ffi.DnnlArgument;
import org.panamask.ffi.DnnlAttributes;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlMemoryDesc;
import org.panamask.ffi.DnnlOperations;
import org.panamask.ffi.DnnlPostOps;
import org.panamask.ffi.DnnlPrimitive;
import org.panamask.ffi.DnnlPrimitiveDesc;
import org.panamask.ffi.NativeHandle;

/// The native objects that are needed while one primitive is planned; closing it closes them, the newest first.
final class Preparation implements AutoCloseable {
    private final DnnlEngine engine;
    private final Packings packings;
    private final List<NativeHandle> open = new ArrayList<>();
    private final List<DnnlArgument> operands = new ArrayList<>();
    private final List<Long> spans = new ArrayList<>();

    Preparation(DnnlEngine engine, Packings packings) {
        this.engine = engine;
        this.packings = packings;
    }

    private <T extends NativeHandle> T keep(T handle) {
        open.add(handle);
        return handle;
    }

    /// The description of `layout`.
    DnnlMemoryDesc describe(Layout layout) {
        return keep(layout.describe(engine));
    }

    /// The packed layout of `weights`; it stays open.
    DnnlMemoryDesc packing(Layout weights) {
        return packings.of(weights);
    }

    /// Adds the next slot, which covers `spanBytes`.
    void operand(DnnlArgument operand, long spanBytes) {
        operands.add(operand);
        spans.add(spanBytes);
    }

    /// Adds the next slot in the role `role`, described by `layout`.
    DnnlMemoryDesc input(Function<DnnlMemoryDesc, DnnlArgument> role, Layout layout) {
        DnnlMemoryDesc described = describe(layout);
        operand(role.apply(described), layout.spanBytes());
        return described;
    }

    /// An empty chain.
    DnnlPostOps postOps() {
        return keep(DnnlPostOps.create(engine));
    }

    /// What plans primitives that end with `postOps`.
    DnnlOperations operations(DnnlPostOps postOps) {
        return new DnnlOperations(engine, keep(DnnlAttributes.create(engine, postOps)));
    }

    /// The plan of the forward primitive that a backward one is made for.
    DnnlPrimitiveDesc hint(DnnlPrimitiveDesc forward) {
        return keep(forward);
    }

    /// Compiles `plan` with the slots added so far.
    Prepared compile(DnnlPrimitiveDesc plan) {
        keep(plan);
        DnnlMemoryDesc scratchpad = keep(plan.scratchpad());
        long[] described =
                operands.stream().mapToLong(operand -> operand.desc().bytes()).toArray();
        List<DnnlArgument> slots = new ArrayList<>(operands);
        slots.add(DnnlArgument.scratchpad(scratchpad));
        return new Prepared(
                DnnlPrimitive.create(plan, slots),
                described,
                spans.stream().mapToLong(Long::longValue).toArray(),
                Math.max(1, scratchpad.bytes()));
    }

    @Override
    public void close() {
        open.reversed().forEach(NativeHandle::close);
        open.clear();
    }
}
