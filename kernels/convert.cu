// Copies between float types: to = from, or to += from in f32, rounded to nearest even. PMK_FROM and PMK_TO are the
// types; each thread takes eight of the F numbers. Reference: HostNumbers.copy.
#include "numbers.cuh"

typedef PMK_FROM source;
typedef PMK_TO target;

PMK_EXPORT void convert(target* to,         // [F]
                        const source* from, // [F]
                        i64 F, int add) {
    const i64 at = ((i64)PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (at >= F) return;
    float v[GROUP];
    load_group(v, from + at, F - at);
    put_group(to + at, v, F - at, add);
}
PMK_REGISTER(convert)
