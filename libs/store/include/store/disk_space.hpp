#pragma once
// What a full disk looks like, for whoever has to make room. A disk counts as full before it is: RocksDB as Debian
// builds it ends the process when a write of its own finds no space (an assertion in WritableFileWriter).

#include <cstdint>
#include <filesystem>
#include <string>

namespace store {

/// With less than this free nothing is committed: what is in memory must still find its place.
inline constexpr std::uint64_t kReserveBytes = 32U << 20U;
/// Free room that opening for writing needs beside what the log holds, which is then written into tables.
inline constexpr std::uint64_t kResumeBytesMin = 64U << 20U;

struct DiskSpace {
    std::uint64_t free_bytes = 0;      ///< For this user, on the disk of the folder; the largest number if unknown.
    std::uint64_t needed_bytes = 0;    ///< To open the database for writing.
    std::uint64_t database_bytes = 0;  ///< In the folder.
    std::uint64_t old_log_bytes = 0;   ///< Of these: RocksDB's old text logs (LOG.old.*), which nobody reads again.
};
[[nodiscard]] std::uint64_t free_bytes(const std::filesystem::path& folder);
[[nodiscard]] DiskSpace disk_space(const std::filesystem::path& database);

/// "the disk is full: …", with the folder, the sizes, what may be deleted and what must stay.
[[nodiscard]] std::string explain_full_disk(const std::filesystem::path& database);

}  // namespace store
