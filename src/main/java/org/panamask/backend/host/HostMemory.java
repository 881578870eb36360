package org.panamask.backend.host;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Ledger;

/// Takes and gives back native memory, each byte entered in the ledger under its owner.
public final class HostMemory {
    /// Elements start at multiples of this many bytes: a cache line, and the widest vector register.
    public static final int ALIGNMENT = 64;

    /// Where the bytes come from.
    public interface Source {
        /// Aligned memory of `bytes` bytes with undefined contents.
        ///
        /// @throws OutOfMemoryError if there is none
        MemorySegment take(long bytes);

        /// Gives back what [#take] returned.
        void give(MemorySegment memory);
    }

    private final Source source;
    private final Ledger ledger;
    private final long limitBytes;

    /// Memory from `source`, at most `limitBytes` at once; 0 sets no bound.
    public HostMemory(Source source, Ledger ledger, long limitBytes) {
        this.source = source;
        this.ledger = ledger;
        this.limitBytes = limitBytes;
    }

    /// The book that every byte stands in.
    public Ledger ledger() {
        return ledger;
    }

    /// Takes `bytes` for `owner`; `purpose` says in messages what they are for.
    ///
    /// @throws DeviceMemoryException if the bound is reached or the system has no more
    public MemorySegment take(String owner, long bytes, String purpose) {
        if (limitBytes > 0 && ledger.total() + bytes > limitBytes) {
            throw exhausted(bytes, purpose, "of a limit of " + size(limitBytes));
        }
        MemorySegment memory;
        try {
            memory = source.take(bytes);
        } catch (OutOfMemoryError _) {
            throw exhausted(bytes, purpose, "and the system gives no more");
        }
        ledger.take(owner, bytes);
        return memory;
    }

    /// Gives back what `owner` took.
    public void give(String owner, MemorySegment memory) {
        source.give(memory);
        ledger.give(owner, memory.byteSize());
    }

    private DeviceMemoryException exhausted(long bytes, String purpose, String bound) {
        String owners = ledger.owners().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(owner -> owner.getKey() + " " + size(owner.getValue()))
                .collect(Collectors.joining(", "));
        return new DeviceMemoryException("out of memory: asked " + size(bytes) + " for " + purpose + ", "
                + size(ledger.total()) + " in use (" + owners + ") " + bound
                + "; lower train.micro_batch or data.max_tokens, or raise backend.memory_limit");
    }

    private static String size(long bytes) {
        if (bytes < 1 << 20) {
            return String.format(Locale.ROOT, "%.2f KiB", bytes / 0x1p10);
        }
        return bytes < 1 << 30
                ? String.format(Locale.ROOT, "%.2f MiB", bytes / 0x1p20)
                : String.format(Locale.ROOT, "%.2f GiB", bytes / 0x1p30);
    }
}
