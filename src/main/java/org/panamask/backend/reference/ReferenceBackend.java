package org.panamask.backend.reference;

import java.util.LinkedHashMap;
import java.util.Map;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostCollective;
import org.panamask.backend.host.HostSpace;
import org.panamask.backend.host.JavaMemory;
import org.panamask.backend.memory.JobBackend;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.launch.Ranks;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.MemoryModel;

/// Plain Java loops on one thread: slow, and the same bits on every machine.
public final class ReferenceBackend extends JobBackend {
    static final String NAME = "reference";

    /// Starts the job thread; at most `memoryLimitBytes` native bytes are held at once.
    public ReferenceBackend(long memoryLimitBytes) {
        super(NAME, new HostSpace(new JavaMemory()), memoryLimitBytes);
    }

    @Override
    protected BackwardOps ops(Precision precision, TwoEndedArena jobArena) {
        return new ReferenceOps(precision, jobArena);
    }

    @Override
    protected void release() {}

    /// Refuses nothing.
    @Override
    public void require(Precision precision) {}

    @Override
    public Collective collective(Ranks ranks) {
        return HostCollective.open(ranks);
    }

    @Override
    public MemoryModel memoryModel() {
        return new MemoryModel() {
            // As ReferenceOps.weight does.
            @Override
            public DType frozen(DType stored, DType dtype) {
                return Values.isHalf(dtype) ? dtype : stored;
            }
        };
    }

    @Override
    public Map<String, String> report() {
        Map<String, String> report = new LinkedHashMap<>();
        report.put("backend", NAME);
        report.put("library", "plain Java loops");
        report.put("java", Runtime.version().toString());
        report.put("threads", "1");
        return report;
    }
}
