package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.panamask.bindings.dnnl.dnnl_exec_arg_t;
import org.panamask.bindings.dnnl.dnnl_h;

/// A compiled primitive with a slot for each operand. Binding and executing allocate nothing; one thread at a time.
public final class DnnlPrimitive extends NativeHandle {
    private final Arena arena;
    private final List<DnnlMemory> slots;
    private final MemorySegment arguments;

    private DnnlPrimitive(MemorySegment primitive, List<DnnlMemory> slots, NativeObjects objects) {
        super("dnnl_primitive", primitive, dnnl_h::dnnl_primitive_destroy, objects);
        this.arena = Arena.ofShared();
        this.slots = List.copyOf(slots);
        this.arguments = dnnl_exec_arg_t.allocateArray(slots.size(), arena);
    }

    /// Compiles what `desc` plans; slot `i` takes the operand `operands.get(i)`. `desc` and the operands'
    /// descriptions may be closed afterwards.
    public static DnnlPrimitive create(DnnlPrimitiveDesc desc, List<DnnlArgument> operands) {
        List<DnnlMemory> slots = new ArrayList<>();
        try (Arena frame = Arena.ofConfined()) {
            for (DnnlArgument operand : operands) {
                slots.add(DnnlMemory.create(desc.engine(), operand.desc()));
            }
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(dnnl_h.dnnl_primitive_create(out, desc.address()), "dnnl_primitive_create");
            DnnlPrimitive primitive = new DnnlPrimitive(out.get(ValueLayout.ADDRESS, 0), slots, desc.objects());
            primitive.fill(operands);
            return primitive;
        } catch (NativeException failure) {
            slots.forEach(DnnlMemory::close);
            throw failure;
        }
    }

    private void fill(List<DnnlArgument> operands) {
        for (int i = 0; i < operands.size(); i++) {
            MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments, i);
            dnnl_exec_arg_t.arg(argument, operands.get(i).id());
            dnnl_exec_arg_t.memory(argument, slots.get(i).address());
        }
    }

    /// Points slot `slot` at `segment`, which must stay alive and in place until the last execution with it.
    ///
    /// @throws IllegalArgumentException if the segment is on the heap or smaller than the operand
    public void bind(int slot, MemorySegment segment) {
        slots.get(slot).bind(segment);
    }

    /// Runs on the bound operands.
    ///
    /// @throws IllegalStateException if a slot has not been bound
    public void execute(DnnlStream stream) {
        MemorySegment primitive = address();
        for (int i = 0; i < slots.size(); i++) {
            if (!slots.get(i).isBound()) {
                throw new IllegalStateException("execute: every slot must be bound, but slot " + i + " is not");
            }
        }
        DnnlStatus.check(
                dnnl_h.dnnl_primitive_execute(primitive, stream.address(), slots.size(), arguments),
                "dnnl_primitive_execute");
    }

    @Override
    protected void closeParts() {
        slots.forEach(DnnlMemory::close);
        arena.close();
    }
}
