package org.panamask.plan;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.config.ByteSize;
import org.panamask.tensor.MemoryModel;
import org.panamask.train.Recipe;

/// The memory that a run may take.
///
/// @param bytes the most
/// @param source who says so
public record MemoryLimit(long bytes, String source) {
    /// What `backend.memory_limit` says, or else all memory of the device of `backend` or of this machine (of its
    /// container, where it runs in one).
    public static MemoryLimit of(BackendSettings settings, Backend backend) {
        if (settings.memoryLimitBytes() < Long.MAX_VALUE) {
            return new MemoryLimit(settings.memoryLimitBytes(), "backend.memory_limit");
        }
        OptionalLong device = backend.deviceBytes();
        if (device.isPresent()) {
            return new MemoryLimit(device.getAsLong(), "the memory of the device");
        }
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return new MemoryLimit(system.getTotalMemorySize(), "the memory of this machine");
    }

    /// Refuses a run that does not fit, naming the cheapest changes that make it fit.
    ///
    /// @param recipe the run
    /// @param plan what it needs
    /// @param model what its backend holds besides tensors
    /// @param columns tokens of its longest row
    /// @throws DeviceMemoryException if it needs more
    public void require(Recipe recipe, MemoryPlan plan, MemoryModel model, int columns) {
        if (plan.total() <= bytes) {
            return;
        }
        List<Change> changes = Change.cheapest(recipe, model, columns, bytes);
        String advice = changes.isEmpty()
                ? "nothing that the recipe can say makes it fit; take a smaller model or a larger machine"
                : "the cheapest changes that make it fit: "
                        + changes.stream().map(Change::text).collect(Collectors.joining("; or "));
        throw new DeviceMemoryException("train: the run must fit into " + ByteSize.show(bytes) + ", " + source
                + ", but needs " + ByteSize.show(plan.total()) + " (" + plan.parts() + "); " + advice);
    }
}
