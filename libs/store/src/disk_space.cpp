#include "store/disk_space.hpp"

#include <fmt/format.h>

namespace store {

namespace fs = std::filesystem;

std::uint64_t free_bytes(const fs::path& folder) {
    std::error_code error;
    const auto space = fs::space(folder, error);
    return error ? ~std::uint64_t{0} : space.available;
}

DiskSpace disk_space(const fs::path& database) {
    DiskSpace out;
    out.free_bytes = free_bytes(database);
    out.needed_bytes = kResumeBytesMin;
    std::error_code error;
    for (fs::directory_iterator at{database, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        std::error_code gone;  // Compaction removes files while we look.
        const auto size = at->file_size(gone);
        if (gone) continue;
        out.database_bytes += size;
        if (at->path().filename().string().starts_with("LOG.old.")) out.old_log_bytes += size;
        if (at->path().extension() == ".log") out.needed_bytes += size;
    }
    return out;
}

std::string explain_full_disk(const fs::path& database) {
    const auto space = disk_space(database);
    const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1U << 20U); };
    return fmt::format(
        "the disk is full: {:.1f} MiB are free where {} lies, and writing needs {:.0f} MiB. The database has {:.1f} "
        "MiB. "
        "Of its files only LOG.old.* ({:.1f} MiB) may be deleted, never *.sst, *.log, MANIFEST* or CURRENT; make room "
        "with other files of this disk, or move the folder to a larger one. Nothing that was final is lost",
        mib(space.free_bytes), database.string(), mib(space.needed_bytes), mib(space.database_bytes),
        mib(space.old_log_bytes));
}

}  // namespace store
