#pragma once
// How a fuzzer's input becomes an object that is almost true.

#include <algorithm>

#include "base/bytes.hpp"

namespace zcrypto::fuzz {

/// `bytes` into `out`, or, with `changes`, three bytes each of what to change there: where (two bytes) and by what.
inline void fill(bool changes, base::ByteView bytes, base::MutableBytes out) {
    if (!changes) {
        std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
        return;
    }
    for (; bytes.size() >= 3; bytes = bytes.subspan(3)) {
        out[base::load_be<std::uint16_t>(bytes.data()) % out.size()] ^= bytes[2];
    }
}

}  // namespace zcrypto::fuzz
