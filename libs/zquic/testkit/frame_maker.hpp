#pragma once
// Frames of every type of RFC 9000 and 9221 with numbers that are near something, and mutations of frames that keep
// their form. What a fuzzer puts into packets that open.

#include <cstdint>
#include <random>

#include "base/bytes.hpp"

namespace zquic::testkit {

using Dice = std::minstd_rand;

/// 0 … below-1.
std::size_t below(Dice& dice, std::size_t below);
/// A number that is small, at an edge, or anything; below 2^62.
std::uint64_t interesting(Dice& dice);

/// One frame of any type, well-formed more often than not.
base::Bytes make_frame(Dice& dice);
/// One frame of HTTP/3 (RFC 9114, 9218, 9297), for the content of streams.
base::Bytes make_h3_frame(Dice& dice);
/// Replaces, repeats, swaps, drops or adds frames of `payload`, or changes numbers inside one. What cannot be read as
/// frames stays at the end.
base::Bytes mutate_frames(base::ByteView payload, Dice& dice);

}  // namespace zquic::testkit
