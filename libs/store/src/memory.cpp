#include "store/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace store {
namespace {

constexpr std::uint64_t kShare = 64;

std::uint64_t machine_bytes() {
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto page_bytes = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page_bytes <= 0) return 0;
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

}  // namespace

std::uint64_t default_memory_bytes() {
    auto bytes = machine_bytes();
    std::uint64_t limit = 0;
    // "max" is no limit and does not read as a number.
    if (std::ifstream in{"/sys/fs/cgroup/memory.max"}; in >> limit) bytes = std::min(bytes, limit);
    return std::clamp(bytes / kShare, kMemoryBytesMin, kMemoryBytesMax);
}

}  // namespace store
