package org.panamask.backend.cuda.attention;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.panamask.backend.host.HostNumbers;
import org.panamask.ffi.cuda.CudnnPointwise;
import org.panamask.ffi.cuda.CudnnTensor.Place;
import org.panamask.ffi.cuda.CudnnType;

/// Runs an operation graph in plain loops, rounding every tensor to its type as cuDNN's documentation says.
final class GraphInterpreter {
    private final Map<Long, double[]> memories = new HashMap<>();

    /// Runs `graph`; `given` holds the memory of each tensor in memory by its id, results included.
    GraphInterpreter(OperationGraph graph, Map<Long, double[]> given) {
        memories.putAll(given);
        graph.numbers().forEach((id, value) -> memories.put(id, new double[] {value}));
        graph.nodes().forEach(this::run);
    }

    private double[] memory(GraphTensor tensor) {
        return memories.computeIfAbsent(tensor.id(), _ -> {
            if (tensor.place() != Place.INSIDE) {
                throw new IllegalStateException("no memory for " + tensor);
            }
            double[] fresh = new double[Math.toIntExact(size(tensor))];
            Arrays.fill(fresh, Double.NaN);
            return fresh;
        });
    }

    private static long size(GraphTensor tensor) {
        long last = 0;
        for (int i = 0; i < 4; i++) {
            last += (tensor.extents().get(i) - 1) * tensor.strides().get(i);
        }
        return last + 1;
    }

    private interface Visit {
        void at(long[] index);
    }

    private static void each(List<Long> extents, Visit visit) {
        long[] index = new long[4];
        for (index[0] = 0; index[0] < extents.get(0); index[0]++) {
            for (index[1] = 0; index[1] < extents.get(1); index[1]++) {
                for (index[2] = 0; index[2] < extents.get(2); index[2]++) {
                    for (index[3] = 0; index[3] < extents.get(3); index[3]++) {
                        visit.at(index);
                    }
                }
            }
        }
    }

    /// Where the element for `index` of a tensor of extents `of` lies; fewer elements serve groups.
    private static int at(GraphTensor tensor, long[] index, List<Long> of) {
        long at = 0;
        for (int i = 0; i < 4; i++) {
            at += index[i]
                    * tensor.extents().get(i)
                    / of.get(i)
                    * tensor.strides().get(i);
        }
        return Math.toIntExact(at);
    }

    private void store(GraphTensor tensor, int at, double value) {
        memory(tensor)[at] = rounded(tensor.type(), value);
    }

    private static double rounded(CudnnType type, double value) {
        return switch (type) {
            case FLOAT -> (float) value;
            case HALF -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            case BFLOAT16 -> Float.intBitsToFloat(HostNumbers.bf16((float) value) << 16);
            case INT32, BOOLEAN -> value;
        };
    }

    private void run(GraphNode node) {
        switch (node) {
            case GraphNode.Product product -> product(product);
            case GraphNode.Pointwise pointwise -> pointwise(pointwise);
            case GraphNode.Reduction reduction -> reduce(reduction);
            case GraphNode.Reshape(GraphTensor x, GraphTensor y) -> {
                double[] from = memory(x);
                for (int i = 0; i < from.length; i++) {
                    store(y, i, from[i]);
                }
            }
        }
    }

    private void product(GraphNode.Product node) {
        double[] a = memory(node.a());
        double[] b = memory(node.b());
        long inner = node.a().extents().get(3);
        each(node.c().extents(), index -> {
            List<Long> all = node.c().extents();
            double sum = 0;
            for (long i = 0; i < inner; i++) {
                List<Long> left = List.of(all.get(0), all.get(1), all.get(2), inner);
                List<Long> right = List.of(all.get(0), all.get(1), inner, all.get(3));
                sum += a[at(node.a(), new long[] {index[0], index[1], index[2], i}, left)]
                        * b[at(node.b(), new long[] {index[0], index[1], i, index[3]}, right)];
            }
            store(node.c(), at(node.c(), index, all), sum);
        });
    }

    private void pointwise(GraphNode.Pointwise node) {
        List<Long> all = node.y().extents();
        each(all, index -> {
            double x = memory(node.x())[at(node.x(), index, all)];
            double b = node.b().map(each -> memory(each)[at(each, index, all)]).orElse(Double.NaN);
            double t = node.t().map(each -> memory(each)[at(each, index, all)]).orElse(Double.NaN);
            double index1 = index[(int) node.axis()];
            store(node.y(), at(node.y(), index, all), apply(node.mode(), x, b, t, index1));
        });
    }

    private static double apply(CudnnPointwise mode, double x, double b, double t, double index) {
        return switch (mode) {
            case ADD -> x + b;
            case SUBTRACT -> x - b;
            case MULTIPLY -> x * b;
            case DIVIDE -> x / b;
            case EXPONENTIAL -> Math.exp(x);
            case LOGARITHM -> Math.log(x);
            case IDENTITY -> x;
            case INDEX -> index;
            case NOT_LESS -> x >= b ? 1 : 0;
            case SELECT -> t != 0 ? x : b;
        };
    }

    private void reduce(GraphNode.Reduction node) {
        double[] sums = new double[memory(node.y()).length];
        double start = switch (node.mode()) {
            case SUM -> 0;
            case LARGEST -> Double.NEGATIVE_INFINITY;
        };
        Arrays.fill(sums, start);
        List<Long> all = node.x().extents();
        each(all, index -> {
            double x = memory(node.x())[at(node.x(), index, all)];
            int to = at(node.y(), index, all);
            sums[to] = switch (node.mode()) {
                case SUM -> sums[to] + x;
                case LARGEST -> Math.max(sums[to], x);
            };
        });
        each(node.y().extents(), index -> {
            int to = at(node.y(), index, node.y().extents());
            store(node.y(), to, sums[to]);
        });
    }
}
