package org.panamask.bench.kit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CublasLtAlgorithm;
import org.panamask.ffi.cuda.CublasLtDescriptor;
import org.panamask.ffi.cuda.CublasLtHandle;
import org.panamask.ffi.cuda.CublasLtLayout;
import org.panamask.ffi.cuda.CublasLtPreference;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaDriver;
import org.panamask.ffi.cuda.CudaFacts;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What cuBLASLt offers for the products of models, in every type, layout and epilogue that the backend uses; and
/// whether it takes 8-bit floats in the layout that every device has, and refuses the others where it must.
final class ProductTable {
    private static final long WORKSPACE_BYTES = 32 << 20;
    private static final int TOO_NEW = 10;
    private static final int CONSUMER = 12;

    private final CublasLtHandle handle;
    private final CublasLtPreference preference;
    private final ObjectNode found = JsonMapper.builder().build().createObjectNode();
    private int offered;
    private final List<String> missing = new ArrayList<>();

    private ProductTable(CublasLtHandle handle, CublasLtPreference preference) {
        this.handle = handle;
        this.preference = preference;
        found.putArray("products");
    }

    /// Which operand lies the other way round, as cuBLASLt names it.
    private enum Layout {
        TN(true, false),
        NN(false, false),
        NT(false, true);

        private final boolean left;
        private final boolean right;

        Layout(boolean left, boolean right) {
            this.left = left;
            this.right = right;
        }
    }

    /// `D [m, n] = op(A) op(B)` with sums of k terms.
    private record Product(Layout layout, List<CublasType> types, long m, long n, long k, boolean bias) {
        String text() {
            return String.format(
                    Locale.ROOT,
                    "%s %s x %s to %s, %d x %d x %d%s",
                    layout,
                    types.get(0),
                    types.get(1),
                    types.get(2),
                    m,
                    n,
                    k,
                    bias ? ", bias" : "");
        }
    }

    /// Writes the table to the file that is named; the exit code is 1 if the library lacks something that is used.
    public static void main(String[] arguments) {
        CudaFacts facts = CudaDriver.load().facts(0);
        CublasLtHandle.load();
        try (CudaContext context = CudaContext.retain(facts, new NativeObjects());
                CublasLtHandle handle = CublasLtHandle.create(context);
                CublasLtPreference preference = CublasLtPreference.create(handle, WORKSPACE_BYTES)) {
            ProductTable table = new ProductTable(handle, preference);
            table.fill();
            boolean refused = table.refusals(facts);
            table.found.put("version", CublasLtHandle.version());
            JsonMapper.builder()
                    .build()
                    .writerWithDefaultPrettyPrinter()
                    .writeValue(Path.of(arguments[0]), table.found);
            table.missing.forEach(product -> System.out.println("no algorithm: " + product));
            System.out.println(table.offered + " products have an algorithm, " + table.missing.size() + " have none; "
                    + table.found.path("fp8").asString());
            System.exit(table.missing.isEmpty() && refused ? 0 : 1);
        }
    }

    private void fill() {
        for (long[] weight : new long[][] {{2048, 2048}, {8192, 2048}, {4096, 4096}, {14_336, 4096}, {128_256, 4096}}) {
            for (long rows : new long[] {1, 16, 256, 4096}) {
                for (CublasType type : List.of(CublasType.F32, CublasType.BF16, CublasType.F16)) {
                    products(type, weight[0], weight[1], rows);
                }
            }
            // The head stays in 16 bits.
            for (long rows : weight[0] == 128_256 ? new long[0] : new long[] {16, 256, 4096}) {
                eightBits(weight[0], weight[1], rows);
            }
        }
    }

    private void products(CublasType type, long out, long in, long rows) {
        List<CublasType> same = List.of(type, type, type);
        ask(new Product(Layout.TN, same, out, rows, in, false));
        ask(new Product(Layout.TN, same, out, rows, in, true));
        ask(new Product(Layout.NN, same, in, rows, out, false));
        ask(new Product(Layout.NT, List.of(type, type, CublasType.F32), in, out, rows, false));
    }

    private void eightBits(long out, long in, long rows) {
        CublasType e4m3 = CublasType.E4M3;
        ask(new Product(Layout.TN, List.of(e4m3, e4m3, CublasType.BF16), out, rows, in, false));
        ask(new Product(Layout.TN, List.of(e4m3, CublasType.E5M2, CublasType.BF16), in, rows, out, false));
    }

    private void ask(Product product) {
        Optional<CublasLtAlgorithm> algorithm = best(product);
        if (algorithm.isPresent()) {
            offered++;
        } else {
            missing.add(product.text());
        }
        found.withArray("products")
                .addObject()
                .put("product", product.text())
                .put(
                        "algorithm",
                        algorithm.map(CublasLtAlgorithm::configuration).orElse("none"))
                .put(
                        "workspace",
                        algorithm.map(CublasLtAlgorithm::workspaceBytes).orElse(0L));
    }

    /// Whether 8-bit floats are refused where they must be, other layouts on all but the newest of data centres.
    private boolean refusals(CudaFacts facts) {
        List<CublasType> types = List.of(CublasType.E4M3, CublasType.E4M3, CublasType.BF16);
        boolean turned = best(new Product(Layout.TN, types, 64, 64, 64, false)).isPresent();
        boolean plain = best(new Product(Layout.NN, types, 64, 64, 64, false)).isPresent();
        boolean uneven = best(new Product(Layout.TN, types, 64, 64, 72, false)).isPresent();
        found.put(
                "fp8",
                "fp8 TN " + word(turned) + ", NN " + word(plain) + ", TN of rows that are no multiple of 16 "
                        + word(uneven));
        boolean capable = facts.major() > 8 || facts.minor() == 9;
        boolean everyLayout = facts.major() >= TOO_NEW && facts.major() < CONSUMER;
        return turned == capable && !uneven && (everyLayout || !plain);
    }

    private static String word(boolean taken) {
        return taken ? "accepted" : "refused";
    }

    private Optional<CublasLtAlgorithm> best(Product asked) {
        CublasType left = asked.types().get(0);
        CublasType right = asked.types().get(1);
        CublasLtDescriptor descriptor = CublasLtDescriptor.create(handle, CublasLtDescriptor.Compute.F32);
        descriptor.turn(asked.layout().left, asked.layout().right);
        // The library asks only whether something stands there.
        if (asked.bias()) {
            descriptor.addBias();
            descriptor.point(CublasLtDescriptor.Pointer.BIAS, 256);
        }
        if (left.isFp8()) {
            descriptor.point(CublasLtDescriptor.Pointer.LEFT_SCALE, 256);
            descriptor.point(CublasLtDescriptor.Pointer.RIGHT_SCALE, 256);
        }
        try (CublasLtProduct product = new CublasLtProduct(
                descriptor,
                asked.layout().left ? matrix(left, asked.k(), asked.m()) : matrix(left, asked.m(), asked.k()),
                asked.layout().right ? matrix(right, asked.n(), asked.k()) : matrix(right, asked.k(), asked.n()),
                matrix(asked.types().get(2), asked.m(), asked.n()))) {
            return handle.best(product, preference);
        }
    }

    private CublasLtLayout matrix(CublasType type, long rows, long columns) {
        return CublasLtLayout.create(handle, new CublasLtLayout.Extent(type, rows, columns, rows));
    }
}
