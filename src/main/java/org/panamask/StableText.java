package org.panamask;

import java.util.Arrays;
import java.util.List;

/// The part of an answer that can no longer change, as it grows: everything before the first masked column, in whole
/// characters, up to the first token that ends the answer.
final class StableText {
    private static final char BROKEN = '\uFFFD';

    private final Prompts prompts;
    private final int start;
    private final boolean revises;
    private final EventLog<String> log = new EventLog<>();
    private String given = "";
    private int decoded = -1;
    private boolean ended;

    /// @param start the column where the answer starts
    /// @param revises whether open columns may still change, so that nothing is stable before the end
    StableText(Prompts prompts, int start, boolean revises) {
        this.prompts = prompts;
        this.start = start;
        this.revises = revises;
    }

    EventLog<String> log() {
        return log;
    }

    void changed(int[] ids) {
        if (!revises && !ended) {
            int open = prompts.firstMask(ids, start);
            int end = prompts.end(Arrays.copyOf(ids, open), start);
            give(ids, end, end < open);
        }
    }

    void finished(int[] ids) {
        if (!ended) {
            give(ids, prompts.end(ids, start), true);
        }
    }

    private void give(int[] ids, int end, boolean last) {
        if (end > decoded || last) {
            decoded = end;
            String text = prompts.text(ids, start, end);
            int whole = text.length();
            while (!last && whole > 0 && text.charAt(whole - 1) == BROKEN) {
                whole--;
            }
            if (whole > given.length()) {
                log.add(List.of(text.substring(given.length(), whole)));
                given = text.substring(0, whole);
            }
        }
        if (last) {
            ended = true;
            log.end();
        }
    }
}
