package org.panamask.backend.cuda;

import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Functions of elements: sums, copies, columns and the activations.
final class Pointwise {
    private static final String FAMILY = "pointwise";

    private final CudaJob job;

    Pointwise(CudaJob job) {
        this.job = job;
    }

    private void run(String name, Tensor model, Arguments arguments) {
        job.launch(job.kernel(FAMILY, name), Spread.elements(model), arguments);
    }

    Tensor add(Tensor x, Tensor y) {
        Tensor sum = job.make(x.shape(), job.dtype());
        run("add", x, new Arguments().pointer(sum).pointer(x).pointer(y).i64(x.count()));
        return sum;
    }

    Tensor extrapolate(Tensor from, Tensor to, double factor) {
        Tensor y = job.make(from.shape(), from.dtype());
        Arguments arguments = new Arguments()
                .pointer(y)
                .pointer(from)
                .pointer(to)
                .i64(y.count())
                .f32((float) factor);
        job.launch(job.kernel(Family.of(FAMILY, y.dtype()), "extrapolate"), Spread.elements(y), arguments);
        return y;
    }

    Tensor swiGlu(Tensor gate, Tensor up) {
        Tensor y = job.make(gate.shape(), job.dtype());
        run("swi_glu", y, new Arguments().pointer(y).pointer(gate).pointer(up).i64(y.count()));
        return y;
    }

    /// One tensor may take both gradients, the second added.
    void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        Arguments arguments = new Arguments()
                .pointer(dgate.tensor())
                .pointer(dup.tensor())
                .pointer(dy)
                .pointer(gate)
                .pointer(up)
                .i64(dy.count())
                .i32(dgate.add() ? 1 : 0)
                .i32(dup.add() ? 1 : 0);
        run("swi_glu_backward", dy, arguments);
    }

    Tensor gelu(Tensor x) {
        Tensor y = job.make(x.shape(), job.dtype());
        run("gelu", x, new Arguments().pointer(y).pointer(x).i64(x.count()));
        return y;
    }

    void geluBackward(Tensor dy, Tensor x, Into dx) {
        Arguments arguments =
                new Arguments().pointer(dx.tensor()).pointer(dy).pointer(x).i64(x.count());
        run("gelu_backward", x, arguments.i32(dx.add() ? 1 : 0));
    }

    /// Copies elements, converting between float types where they differ.
    void copy(Tensor from, Tensor to) {
        job.device().indices().forget(to);
        if (from.dtype() == to.dtype()) {
            job.enqueue(new Command.Copy(from.memory().address(), to.memory().address(), from.bytes()));
        } else {
            convert(from, new Into(to, false));
        }
    }

    /// Sets every element to zero.
    void clear(Tensor tensor) {
        job.device().indices().forget(tensor);
        job.enqueue(new Command.Clear(tensor.memory().address(), tensor.bytes()));
    }

    void accumulate(Tensor x, Into into) {
        if (into.add()) {
            convert(x, into);
        } else {
            copy(x, into.tensor());
        }
    }

    private void convert(Tensor from, Into into) {
        Tensor to = into.tensor();
        Arguments arguments =
                new Arguments().pointer(to).pointer(from).i64(from.count()).i32(into.add() ? 1 : 0);
        job.launch(
                job.kernel(Family.between("convert", from.dtype(), to.dtype()), "convert"),
                Spread.elements(from),
                arguments);
    }

    /// The columns of `x` from `from` on that fill `result`.
    Tensor columns(Tensor x, long from, Shape result) {
        Tensor y = job.make(result, x.dtype());
        moveColumns("columns_take", y, x, from, x.shape().last());
        return y;
    }

    void columnsBackward(Tensor dy, long from, Into dx) {
        Tensor whole = dx.tensor();
        moveColumns(
                dx.add() ? "columns_add" : "columns_put",
                whole,
                dy,
                from,
                whole.shape().last());
    }

    private void moveColumns(String name, Tensor to, Tensor from, long first, long width) {
        int count = Math.toIntExact(Math.min(from.shape().last(), to.shape().last()));
        Arguments arguments = new Arguments()
                .pointer(to)
                .pointer(from)
                .i32(Math.toIntExact(width))
                .i32((int) first)
                .i32(count);
        long walked = name.equals("columns_put") ? width : count;
        job.launch(
                job.kernel(Family.of("columns", to.dtype()), name),
                Spread.rows(walked == 0 ? 0 : to.shape().extent(0), walked),
                arguments);
    }
}
