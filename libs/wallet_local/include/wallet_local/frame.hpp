#pragma once
// Frames of walletd's unix socket (proto/ghost/wallet/v1/local.proto):
//
//   length (4 bytes, big-endian, 1 to kPayloadBytesMax)   payload: one LocalRequest or LocalResponse
//
// One response per request, in order. A length outside its bounds ends the connection: nothing after it can be trusted.

#include <cstddef>
#include <string>

#include "base/bytes.hpp"

namespace wallet_local {

inline constexpr std::size_t kHeaderBytes = 4;
inline constexpr std::size_t kPayloadBytesMax = 1u << 20;

/// One frame at the front of a buffer.
struct Frame {
    base::ByteView payload;  ///< Borrows the bytes given to decode_frame().
    std::size_t size;        ///< Header and payload: how much to drop from the buffer.
};

/// Decodes the frame at the front of `wire`. `base::Errc::truncated` means "read more, call again"; `out_of_range` an
/// empty or oversized payload, known from the first four bytes on.
base::Result<Frame> decode_frame(base::ByteView wire) noexcept;

/// Header and payload in one buffer. `out_of_range` when `payload` is empty or larger than kPayloadBytesMax.
base::Result<base::Bytes> encode_frame(base::ByteView payload);

/// Overwrites memory that held a password or recovery words; the compiler cannot remove it.
void wipe(base::MutableBytes bytes) noexcept;
void wipe(std::string& text) noexcept;

}  // namespace wallet_local
