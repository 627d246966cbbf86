// Maps with keys that are structs: what the padding of one holds must not be part of the key.
#include <ghost/contract.hpp>

GH_ABI_FILE("pairs.abi.json")

namespace {

struct Pair {
    uint8_t small;
    uint64_t large;
    GH_FIELDS(small, large)
};

constexpr ghost::map<Pair, uint32_t> values{"p/"};

/// A pair whose padding is `fill`.
Pair pair_of(uint8_t small, uint64_t large, uint8_t fill) {
    Pair pair;
    memset(&pair, fill, sizeof pair);
    pair.small = small;
    pair.large = large;
    return pair;
}

void set(uint8_t small, uint64_t large, uint32_t value) { values.set(pair_of(small, large, 0x55), value); }
uint32_t get(uint8_t small, uint64_t large) { return values.get(pair_of(small, large, 0xAA)); }

}  // namespace

GH_CALLS {
    GH_DO(set)
    GH_DO(get)
}
