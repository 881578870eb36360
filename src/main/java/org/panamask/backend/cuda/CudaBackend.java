package org.panamask.backend.cuda;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.backend.memory.JobBackend;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.ffi.LibraryLoadException;
import org.panamask.ffi.NativeAccessException;
import org.panamask.ffi.NativeException;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CublasException;
import org.panamask.ffi.cuda.CublasLtDescriptor;
import org.panamask.ffi.cuda.CublasLtHandle;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaDriver;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.CudaFacts;
import org.panamask.launch.Ranks;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.MemoryModel;

/// Computes on an NVIDIA GPU, in f32, bf16, f16 and fp8.
public final class CudaBackend extends JobBackend {
    static final String NAME = "cuda";
    private static final int OLDEST_CAPABILITY = 8;
    private static final int EIGHT_BIT_CAPABILITY = 89;

    private final NativeObjects objects;
    private final BackendSettings settings;
    private final DeviceSpace space;
    private @Nullable CudaDevice device;
    private volatile @Nullable CudaFacts facts;
    private volatile @Nullable CudaReport report;

    private CudaBackend(DeviceSpace space, BackendSettings settings, NativeObjects objects) {
        super(NAME, space, settings.memoryLimitBytes());
        this.space = space;
        this.settings = settings;
        this.objects = objects;
    }

    /// Loads the driver and starts the backend on the device that `settings` chooses.
    ///
    /// @throws BackendException if native access is refused, there is no driver or it is too old, or there is no
    ///     such device or it lacks something, naming all of it
    public static CudaBackend open(BackendSettings settings) {
        return open(settings, new NativeObjects());
    }

    /// [#open(BackendSettings)], counting what is open in `objects`.
    static CudaBackend open(BackendSettings settings, NativeObjects objects) {
        CudaBackend backend = new CudaBackend(new DeviceSpace(), settings, objects);
        try {
            backend.require(settings.dtype());
            backend.run("start", Precision.F32, _ -> NAME);
            // What depends on the device is known now.
            backend.require(settings.dtype());
            return backend;
        } catch (NativeAccessException | LibraryLoadException | NativeException failure) {
            backend.closeAfter(failure);
            throw new BackendException("backend cuda: " + failure.getMessage(), failure);
        } catch (RuntimeException | Error failure) {
            backend.closeAfter(failure);
            throw failure;
        }
    }

    private void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException second) {
            failure.addSuppressed(second);
        }
    }

    @Override
    protected BackwardOps ops(Precision precision, TwoEndedArena jobArena) {
        CudaDevice started = started();
        started.status().requireAlive("a job");
        started.indices().clear();
        return new CudaOps(new CudaJob(started, jobArena, precision));
    }

    /// The device, made by the first job on the thread of all jobs.
    private CudaDevice started() {
        CudaDevice present = device;
        if (present == null) {
            CudaDriver driver = driver();
            CudaFacts chosen = chosen(driver);
            ProductPlans.Options products = products();
            CudaContext context = CudaContext.retain(chosen, objects);
            space.attach(context);
            present = new CudaDevice(new CudaDevice.Parts(chosen, context, memory(), settings, products));
            space.attach(present);
            device = present;
            facts = chosen;
            report = new CudaReport(driver, present, objects);
        }
        return present;
    }

    private static CudaDriver driver() {
        try {
            return CudaDriver.load();
        } catch (CudaException refused) {
            throw new BackendException("backend cuda: " + refused.getMessage() + "; " + advice(refused), refused);
        }
    }

    /// What to do when the driver does not start.
    private static String advice(CudaException refused) {
        return switch (refused.status()) {
            case 100 -> "check nvidia-smi and CUDA_VISIBLE_DEVICES, or set backend.name to cpu";
            case 802 -> "start the machine's nvidia-fabricmanager, or wait until it has started";
            case 803, 804 ->
                "the driver's library and its kernel module are of different versions: restart the machine after an"
                        + " update of the driver, or take another container";
            default -> "check that nvidia-smi works, or set backend.name to cpu";
        };
    }

    private ProductPlans.Options products() {
        CublasLtHandle.load();
        return new ProductPlans.Options(
                settings.tf32() ? CublasLtDescriptor.Compute.TF32 : CublasLtDescriptor.Compute.F32,
                settings.products());
    }

    private CudaFacts chosen(CudaDriver driver) {
        if (driver.version() < CudaDriver.OLDEST) {
            throw new BackendException("backend cuda: the driver must implement CUDA "
                    + CudaReport.version(CudaDriver.OLDEST) + " or newer, but got "
                    + CudaReport.version(driver.version()) + "; update NVIDIA's driver");
        }
        if (driver.devices() == 0) {
            throw new BackendException("backend cuda: the driver sees no device; check nvidia-smi and"
                    + " CUDA_VISIBLE_DEVICES, or set backend.name to cpu");
        }
        CudaFacts facts = driver.facts(new DeviceChoice(settings.device(), System.getenv()).among(driver.devices()));
        if (facts.major() < OLDEST_CAPABILITY) {
            throw new BackendException("backend cuda: the device must have compute capability " + OLDEST_CAPABILITY
                    + ".0 or more, but " + facts.name() + " has " + facts.major() + "." + facts.minor()
                    + "; choose another in backend.device, or set backend.name to cpu");
        }
        return facts;
    }

    /// Starts what the job still had in the queue.
    @Override
    protected void settle(boolean finished) {
        CudaDevice present = device;
        if (present == null) {
            return;
        }
        present.indices().clear();
        try {
            present.queue().flush();
        } catch (RuntimeException failure) {
            if (finished) {
                throw failure;
            }
            // What the job threw is thrown already, and came first.
        } finally {
            present.queue().discard();
        }
    }

    /// Memory that the driver or a library wanted for itself is missing as any other.
    @Override
    protected RuntimeException explained(RuntimeException failure) {
        boolean exhausted = failure instanceof CudaException driver && driver.isOutOfMemory()
                || failure instanceof CublasException products && products.isOutOfMemory();
        return exhausted ? memory().exhausted(failure) : failure;
    }

    @Override
    public void finish() {
        started().queue().finish();
    }

    @Override
    protected void release() {
        CudaDevice present = device;
        if (present != null) {
            device = null;
            present.close();
        }
        space.settle();
    }

    /// The native objects that are open now.
    NativeObjects objects() {
        return objects;
    }

    @Override
    public void require(Precision precision) {
        switch (precision) {
            case F32, BF16, F16 -> {}
            case FP8 -> requireEightBits();
            case F64 -> throw unsupported(precision);
        }
    }

    /// Tensor cores multiply 8-bit floats since Ada; what an older device would have to do is another arithmetic.
    private void requireEightBits() {
        CudaFacts found = facts;
        if (found != null && 10 * found.major() + found.minor() < EIGHT_BIT_CAPABILITY) {
            throw new BackendException("backend cuda: fp8 must have a device of compute capability 8.9 or more, but "
                    + found.name() + " has " + found.major() + "." + found.minor() + "; set backend.dtype to bf16");
        }
    }

    private static BackendException unsupported(Precision precision) {
        return new BackendException("backend cuda: it computes in f32, bf16, f16 and fp8, but got "
                + precision.name().toLowerCase(Locale.ROOT)
                + "; set backend.dtype to one of them, or backend.name to reference");
    }

    @Override
    public Collective collective(Ranks ranks) {
        return ranks.place().world() == 1
                ? Collective.alone()
                : run("ranks", Precision.F32, _ -> NcclCollective.open(started(), ranks, this::betweenJobs));
    }

    @Override
    public MemoryModel memoryModel() {
        return new CudaMemoryModel(run("plan", Precision.F32, _ -> started().kept()), CudaMemoryModel.How.of(settings));
    }

    @Override
    public OptionalLong deviceBytes() {
        CudaReport started = report;
        return started == null ? OptionalLong.empty() : OptionalLong.of(started.memoryBytes());
    }

    @Override
    public Map<String, String> report() {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("backend", NAME);
        CudaReport started = report;
        if (started != null) {
            lines.putAll(started.lines());
        }
        return lines;
    }
}
