package org.panamask.data;

import java.util.ArrayList;
import java.util.List;

/// What making rows did to the data.
///
/// @param rows rows made
/// @param tokens columns before padding, special tokens included
/// @param truncatedTargets rows whose target lost its end
/// @param shortenedPrompts rows whose prompt lost its beginning
/// @param maskOccurrences columns that hold the mask id although nothing was hidden
/// @param droppedTokens tokens that no row holds
public record RowStatistics(
        long rows,
        long tokens,
        long truncatedTargets,
        long shortenedPrompts,
        long maskOccurrences,
        long droppedTokens) {
    /// Nothing made yet.
    public static final RowStatistics NONE = new RowStatistics(0, 0, 0, 0, 0, 0);

    /// The sums of these and `other`.
    public RowStatistics plus(RowStatistics other) {
        return new RowStatistics(
                rows + other.rows,
                tokens + other.tokens,
                truncatedTargets + other.truncatedTargets,
                shortenedPrompts + other.shortenedPrompts,
                maskOccurrences + other.maskOccurrences,
                droppedTokens + other.droppedTokens);
    }

    /// A sentence for everything a person should know before training starts.
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (truncatedTargets > 0) {
            warnings.add(truncatedTargets + " of " + rows
                    + " targets do not fit and lose their end; raise data.max_tokens to keep them whole");
        }
        if (shortenedPrompts > 0) {
            warnings.add(shortenedPrompts + " of " + rows
                    + " prompts do not fit and lose their beginning; raise data.max_tokens to keep them whole");
        }
        if (maskOccurrences > 0) {
            warnings.add("the mask token occurs " + maskOccurrences
                    + " times in the data and is scored there; name a rarer one with model.mask_token_id or add one"
                    + " with model.mask_token: add");
        }
        return warnings;
    }
}
