package org.panamask.data;

/// How a prompt and its target share the room of a row when they are too long for it.
public enum Truncation {
    /// The target takes what it needs, the prompt what is left. Source: LLaMA-Factory fork of DiffuLLaMA,
    /// data/processors/supervised.py: preprocess_partical_dataset.
    TARGET_FIRST {
        @Override
        public Kept keep(int source, int target, int room) {
            int kept = Math.min(target, room);
            return new Kept(Math.min(source, room - kept), kept);
        }
    },
    /// Both lose in proportion to their lengths, unless one is shorter than half the room and stays whole. Source:
    /// LLaMA-Factory, data/processor/processor_utils.py: infer_seqlen.
    BALANCED {
        @Override
        public Kept keep(int source, int target, int room) {
            int most;
            if (2L * target < room) {
                most = room;
            } else if (2L * source < room) {
                most = room - source;
            } else {
                most = (int) (room * (target / ((double) source + target)));
            }
            int kept = Math.min(most, target);
            return new Kept(Math.min(source, Math.max(room - kept, 0)), kept);
        }
    };

    /// The tokens that are kept.
    ///
    /// @param source of the prompt
    /// @param target of the target
    public record Kept(int source, int target) {}

    /// What of `source` prompt tokens and `target` target tokens is kept in room for `room`, at least 1.
    public abstract Kept keep(int source, int target, int room);
}
