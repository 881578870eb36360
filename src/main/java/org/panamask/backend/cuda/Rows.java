package org.panamask.backend.cuda;

import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Rows of matrices by number: looked up, stored, added back. Numbers outside of a matrix are refused first.
final class Rows {
    private static final String FAMILY = "rows";

    private final CudaJob job;
    private final Pointwise pointwise;

    Rows(CudaJob job, Pointwise pointwise) {
        this.job = job;
        this.pointwise = pointwise;
    }

    /// Rows are converted one by one, so a trained table needs no copy in the type of activations.
    Tensor embedding(Tensor ids, Weight table, Shape result) {
        Tensor values = CudaWeight.of(job, table).value();
        job.requireIndices("embedding: ids", ids, values.shape().extent(0));
        Tensor y = job.make(result, job.dtype());
        gather(values, ids, y);
        return y;
    }

    Tensor gatherRows(Tensor x, Tensor rows, Shape result) {
        job.requireIndices("gatherRows: rows", rows, x.shape().extent(0));
        Tensor y = job.make(result, x.dtype());
        gather(x, rows, y);
        return y;
    }

    private void gather(Tensor from, Tensor numbers, Tensor y) {
        Arguments arguments =
                new Arguments().pointer(y).pointer(from).pointer(numbers).i32(width(y));
        run("gather_rows", from, y, Spread.rowsByColumns(numbers.count(), width(y)), arguments);
    }

    void storeRows(Tensor x, Tensor rows, Tensor into) {
        store("storeRows: rows", x, rows, into);
    }

    Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        Tensor y = job.make(base.shape(), base.dtype());
        pointwise.copy(base, y);
        store("withRows: rows", x, rows, y);
        return y;
    }

    private void store(String what, Tensor x, Tensor rows, Tensor into) {
        job.requireIndices(what, rows, into.shape().extent(0));
        byNumber("store_rows", x, rows, into);
    }

    void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        job.requireIndices("embeddingBackward: ids", ids, table.shape().extent(0));
        byNumber("add_rows", dy, ids, table);
    }

    /// Adds rows of `dy` to the rows `rows` of `dx`; without [Into#add] the others become zero.
    void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        job.requireIndices("gatherRowsBackward: rows", rows, dx.tensor().shape().extent(0));
        if (!dx.add()) {
            pointwise.clear(dx.tensor());
        }
        byNumber("add_rows", dy, rows, dx.tensor());
    }

    private void byNumber(String name, Tensor x, Tensor numbers, Tensor into) {
        Arguments arguments = new Arguments()
                .pointer(into)
                .pointer(x)
                .pointer(numbers)
                .i32(Math.toIntExact(numbers.count()))
                .i32(width(into));
        run(name, x, into, Spread.rowsByColumns(numbers.count(), width(into)), arguments);
    }

    private void run(String name, Tensor from, Tensor to, Grid grid, Arguments arguments) {
        job.launch(job.kernel(Family.between(FAMILY, from.dtype(), to.dtype()), name), grid, arguments);
    }

    private static int width(Tensor matrix) {
        return Math.toIntExact(matrix.shape().last());
    }
}
