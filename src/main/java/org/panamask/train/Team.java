package org.panamask.train;

import java.util.ArrayList;
import java.util.List;
import org.panamask.backend.Collective;
import org.panamask.launch.Ranks;

/// The ranks that train one model together. Each computes its share of the micro-batches of a step; gradients are
/// summed over all of them, and weights stay equal to the last bit.
///
/// @param ranks who they are, and how they meet
/// @param collective sums their tensors
/// @param settings how they share the work
public record Team(Ranks ranks, Collective collective, RankSettings settings) {
    /// One process alone.
    public static Team alone() {
        return new Team(Ranks.alone(), Collective.alone(), RankSettings.defaults());
    }

    /// How many ranks there are.
    public int world() {
        return collective.world();
    }

    /// What of `all` this rank computes: every `world`-th.
    <T> List<T> share(List<T> all) {
        List<T> mine = new ArrayList<>();
        for (int i = collective.rank(); i < all.size(); i += world()) {
            mine.add(all.get(i));
        }
        return mine;
    }
}
