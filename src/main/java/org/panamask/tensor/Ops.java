package org.panamask.tensor;

import java.util.Optional;
import java.util.function.Supplier;

/// The vocabulary that models, objectives and samplers are written in. A backend's implementation computes at once, the
/// tape computes and remembers how to undo, [ShapeOps] counts bytes and operations only. An `Ops` lives inside one job
/// of a backend; results live in the job's arena until their scope ends.
///
/// Letters: B batch rows, T tokens, N = B * T rows, R chosen rows, D width, H heads, K key and value heads, d head
/// width, V vocabulary. Activations have the type of [#dtype]; sums are F32 (F64 under f64). Every method throws
/// [ShapeException] when shapes or types do not fit, naming all of them.
public interface Ops {
    /// The type of activations: F32, BF16, F16 or F64.
    DType dtype();

    /// The type in which losses, probabilities and gradients of weights are kept: F32, or F64 under f64.
    DType sumType();

    /// How many rows to ask for where `wanted` of `all` are of use: `wanted`, or more on a device that keeps what
    /// it has prepared for a number of rows and wants few different ones, but never more than `all`. The rows
    /// beyond may be any; their results are left alone.
    default int roundRows(int wanted, int all) {
        return wanted;
    }

    /// Copies whole numbers to the device as I32.
    Tensor upload(Shape shape, int[] values);

    /// Copies real numbers to the device as [#sumType].
    Tensor upload(Shape shape, double[] values);

    /// Waits for `tensor`, I32, and copies it to the host.
    int[] ints(Tensor tensor);

    /// Waits for `tensor`, of any float type, and copies it to the host.
    double[] doubles(Tensor tensor);

    /// A tensor of zeros that `owner` keeps.
    Tensor zeros(Owner owner, Shape shape, DType dtype);

    /// Runs `body` in a scope of its own: every tensor made inside ends with it.
    <T> T scoped(Supplier<T> body);

    /// Passes `x` through `links` links, each the input of the next: the layers of a model. Each link is a scope of
    /// which only the result survives (on a tape: a segment that the backward pass undoes as one), so memory does
    /// not grow with their number. `name` says in profiles what the links are.
    Tensor chain(String name, Tensor x, int links, Link link);

    /// One link of a [#chain].
    @FunctionalInterface
    interface Link {
        /// The result of link `index` for the result `x` of the link before.
        Tensor apply(int index, Tensor x);
    }

    /// Looks rows of a table up: `ids` I32 of any shape `[...]`, `table` `[V, D]`, result `[N, D]`.
    ///
    /// @throws IllegalArgumentException if an id is outside the table (checked where ids are on the host)
    Tensor embedding(Tensor ids, Weight table);

    /// `y = x w^T`: `x` `[N, in]`, `w` `[out, in]`, result `[N, out]`.
    Tensor linear(Tensor x, Weight w);

    /// `y = x w^T + bias`: `x` `[N, in]`, `w` `[out, in]`, `bias` `[out]`, result `[N, out]`.
    Tensor linear(Tensor x, Weight w, Weight bias);

    /// `y + scale * h w^T`, taking `y`: the low-rank branch of an adapted linear map. `y` `[N, out]` is the result
    /// of a linear map that nothing else uses; it may be overwritten. `h` `[N, r]`, `w` `[out, r]`.
    Tensor addLinear(Tensor y, Tensor h, Weight w, float scale);

    /// Drops elements of `x` `[N, D]` and scales the others as `key` says.
    Tensor dropout(Tensor x, DropoutKey key);

    /// Scales each row to unit root mean square, then by `gain`: `y = x / sqrt(mean(x^2) + epsilon) * gain`. The
    /// normalised row is rounded to the storage type before the product. `x` `[N, D]`, `gain` `[D]`.
    ///
    /// @see <a href="https://arxiv.org/abs/1910.07467">Zhang and Sennrich 2019, equation 4</a>
    Tensor rmsNorm(Tensor x, Weight gain, double epsilon);

    /// Shifts each row to mean zero and scales it to variance one, then scales by `gain` and shifts by `bias`: `y =
    /// (x - mean) / sqrt(variance + epsilon) * gain + bias`, the variance being the mean of the squared deviations.
    /// `x` `[N, D]`, `gain` and `bias` `[D]`. Statistics and products are of [#sumType]; only `y` is rounded.
    ///
    /// @see <a href="https://arxiv.org/abs/1607.06450">Ba, Kiros and Hinton 2016, equation 3</a>
    Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon);

    /// Rotates pairs `(i, i + d/2)` of each head by the angle of the row's position: `x` `[N, H, d]`, `positions`
    /// `[N]` I32, `cos` and `sin` `[P, d/2]` of [#sumType].
    ///
    /// @see <a href="https://arxiv.org/abs/2104.09864">Su et al. 2021, equation 34, in the half-split layout of
    ///     Hugging Face</a>
    Tensor rotate(Tensor x, Rotation rotation);

    /// The angles of [#rotate].
    ///
    /// @param cos `[P, d/2]`
    /// @param sin `[P, d/2]`
    /// @param positions `[N]` I32, below P
    record Rotation(Tensor cos, Tensor sin, Tensor positions) {}

    /// Softmax attention, `softmax(q k^T / sqrt(d)) v` over the keys that `mask` shows: `q` `[R, H, d]` for the
    /// mask's query rows, `k` and `v` `[B * T, K, d]` with H a multiple of K (query head h uses key head `h / (H /
    /// K)`), result `[R, H, d]`. A row that sees nothing gives 0. Scores are kept for a block of query rows at a
    /// time, never `[T, T]`.
    default Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        return attention(q, k, v, mask, Optional.empty());
    }

    /// Attention whose probabilities are dropped and scaled as `dropout` says before they meet the values; what is
    /// dropped is not shared out to the other keys. The key's rows are the query rows, `[R, 2]`, and an element is
    /// a head and a key, see [DropoutKey#attentionSite].
    Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout);

    /// `silu(gate) * up`, `silu(x) = x / (1 + exp(-x))`; both `[N, F]`.
    ///
    /// @see <a href="https://arxiv.org/abs/2002.05202">Shazeer 2020, equation 6</a>
    Tensor swiGlu(Tensor gate, Tensor up);

    /// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2`, the tanh approximation of GELU; `[N, F]`.
    ///
    /// @see <a href="https://arxiv.org/abs/1606.08415">Hendrycks and Gimpel 2016, section 2</a>
    Tensor gelu(Tensor x);

    /// `x + y`, of the same shape.
    Tensor add(Tensor x, Tensor y);

    /// `from + factor * (to - from)`, of two tensors of one shape: the point at `factor` on the line that has
    /// `from` at 0 and `to` at 1. A head is linear, so what guidance does to logits is this of hidden states. It is
    /// for inference: nothing leads back from it.
    ///
    /// @see <a href="https://arxiv.org/abs/2207.12598">Ho and Salimans 2022, classifier-free guidance</a>
    Tensor extrapolate(Tensor from, Tensor to, double factor);

    /// Rows of a matrix: `x` `[N, D]`, `rows` `[R]` I32, result `[R, D]`.
    Tensor gatherRows(Tensor x, Tensor rows);

    /// Copies rows into a matrix in place, `into[rows[r]] = x[r]`: `x` `[R, D]`, `rows` `[R]` I32, `into` `[N, D]`
    /// of the same type, such as a cache that an owner keeps. Of equal rows the last counts. It is for inference:
    /// nothing leads back from it.
    void storeRows(Tensor x, Tensor rows, Tensor into);

    /// A copy of the matrix `base` `[N, D]` in which `x` `[R, D]` stands at `rows` `[R]` I32, as [#storeRows] puts
    /// it.
    Tensor withRows(Tensor base, Tensor rows, Tensor x);

    /// Columns of a matrix: `x` `[N, D]`, result `[N, count]`, the columns from `from` on.
    Tensor columns(Tensor x, long from, long count);

    /// Logits of every row, `[R, V]` of [#sumType]: for evaluation and parity; losses and samplers have their own
    /// operations, which never hold logits of all rows.
    Tensor logits(Tensor hidden, Weight head);

    /// `scale * softmax(hidden head^T) table`, the row of a table that is expected of a row's token: `hidden` `[R,
    /// D]`, `head` `[V, D]`, `table` `[V, E]`, result `[R, E]`. It is for inference: nothing leads back from it.
    Tensor expectation(Tensor hidden, Weight head, Weight table, double scale);

    /// Cross entropy of `hidden` `[R, D]` through `head` `[V, D]` against `targets` `[R]` I32, each row weighted by
    /// `weights` `[R]` of [#sumType]. The head is applied to a chunk of rows at a time.
    default CrossEntropy crossEntropy(Tensor hidden, Weight head, Tensor targets, Tensor weights) {
        return crossEntropy(hidden, head, new Scoring(targets, weights));
    }

    /// The same as `scoring` says: the loss is the sum of `weights * tokens.of(ce)`; the entropies of the rows are
    /// not weighted.
    CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring);

    /// The most likely token of each row that `rule` allows; equal logits give the lowest id. Logits exist for a
    /// chunk of rows at a time, as in all predictions, and the confidence is read from them at once.
    Prediction argmax(Tensor hidden, Weight head, TokenRule rule);

    /// A token drawn for each row from what `rule` allows: the first whose cumulative probability in order of ids
    /// exceeds `uniforms` `[R]` of [#sumType], each in [0, 1).
    Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms);
}
