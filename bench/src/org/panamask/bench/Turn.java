package org.panamask.bench;

/// One repetition of each.
///
/// @param oursMillis what ours took
/// @param peerMillis what the peer took right after
record Turn(double oursMillis, double peerMillis) {
    /// How many times as long as ours the peer took.
    double ratio() {
        return peerMillis / oursMillis;
    }
}
