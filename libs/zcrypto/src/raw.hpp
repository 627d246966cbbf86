#pragma once
// The C libraries' view of an output buffer.

#include "base/bytes.hpp"

namespace zcrypto {

inline std::uint8_t* out_u8(base::MutableBytes bytes) noexcept { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

}  // namespace zcrypto
