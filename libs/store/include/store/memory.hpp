#pragma once
// How much memory a database takes when nobody says.

#include <cstdint>

namespace store {

inline constexpr std::uint64_t kMemoryBytesMin = 32U << 20U;
inline constexpr std::uint64_t kMemoryBytesMax = 96U << 20U;

/// A 64th of the machine's memory (of the control group's limit, when that is less), at least kMemoryBytesMin and at
/// most kMemoryBytesMax: what the system keeps of the files serves reads nearly as well, and gives way to others.
std::uint64_t default_memory_bytes();

}  // namespace store
