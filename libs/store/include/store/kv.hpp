#pragma once
// The node's database: RocksDB with one column family per kind of record. Everything is durable or absent: a commit is
// one batch, written to the log and synced before it returns; reopening after a crash shows a prefix of the commits.
//
// Thread: every function may be called from any thread; commits are serialised inside.
// Lifetime: snapshots and scans borrow the store and must end before it does.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "store/errc.hpp"
#include "store/memory.hpp"

namespace store {

/// Column families; the order is that of the files and never changes.
enum class Family : std::uint8_t {
    flat,    ///< state key -> value, finalized state
    hist,    ///< key hash ‖ version -> value before that version, within the history window
    node,    ///< tree nodes by version and path
    stale,   ///< version -> what that version made obsolete
    blocks,  ///< block bodies and receipts by height
    certs,   ///< finality certificates by height
    txidx,   ///< transaction id -> place, address -> transactions, block hash -> height
    meta,    ///< head, format, chain
};
inline constexpr std::size_t kFamilyCount = 8;

struct KvOptions {
    std::filesystem::path path;  ///< A folder; made with mode 0700 when missing.
    std::string identity;        ///< Whose data this is, e.g. "ghostchain-dev-1:<genesis hash>"; checked on open.
    bool create_if_missing = true;
    bool read_only_when_full = false;  ///< A disk without room to open it for writing: open it for reading.
    /// Blocks, filters, indexes and write buffers together. See KvStore::memory_bytes().
    std::uint64_t memory_bytes = default_memory_bytes();
    std::uint64_t write_buffer_bytes = 32U << 20U;  ///< Of one family at most, before it is written to a file.
};

/// Writes that happen together or not at all. Not thread-safe.
class Batch {
 public:
    Batch();
    ~Batch();
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) noexcept;

    void put(Family family, base::ByteView key, base::ByteView value);
    void del(Family family, base::ByteView key);
    void clear();
    [[nodiscard]] std::size_t count() const noexcept;
    [[nodiscard]] std::size_t size_bytes() const noexcept;

 private:
    friend class KvStore;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Which records a scan visits, in key order.
struct ScanRange {
    base::ByteView prefix{};  ///< Only keys that begin with this.
    base::ByteView from{};    ///< Start at the first key >= from (reverse: the last key <= from); empty: at the edge.
    bool reverse = false;
    std::uint64_t limit = ~std::uint64_t{0};
};
/// Return false to stop. The views live until the call returns.
using ScanVisitor = std::function<bool(base::ByteView key, base::ByteView value)>;

/// Reading, at one moment (a snapshot) or always the newest (the store itself).
class KvReader {
 public:
    virtual ~KvReader() = default;
    [[nodiscard]] virtual base::Result<std::optional<base::Bytes>> get(Family family, base::ByteView key) const = 0;
    virtual base::Result<void> scan(Family family, const ScanRange& range, const ScanVisitor& visit) const = 0;
};

class KvStore final : public KvReader {
 public:
    /// Opens or makes the database. The text of an error names the path and says what to do:
    /// `corrupt`, `foreign`, `locked`, `missing`, `unwritable`, `disk_full`, `io_error`.
    static base::Checked<std::unique_ptr<KvStore>> open(const KvOptions& options);
    ~KvStore() override;

    [[nodiscard]] base::Result<std::optional<base::Bytes>> get(Family family, base::ByteView key) const override;
    base::Result<void> scan(Family family, const ScanRange& range, const ScanVisitor& visit) const override;

    /// A consistent view of this moment. Cheap; holds back space reclamation while it lives.
    [[nodiscard]] std::shared_ptr<const KvReader> snapshot() const;

    /// Writes the batch. With `sync` it is durable when this returns. On any failure nothing of the batch may be relied
    /// upon and the store is poisoned: `disk_full`, `io_error` or `corrupt` now, `poisoned` from then on.
    base::Result<void> commit(Batch& batch, bool sync);
    [[nodiscard]] bool poisoned() const noexcept;
    /// Opened by KvOptions::read_only_when_full: commit() says `disk_full` until the store is opened again.
    [[nodiscard]] bool read_only() const noexcept;

    /// Makes a copy (hard links where possible) in a folder that must not exist yet.
    base::Checked<void> checkpoint(const std::filesystem::path& target) const;
    /// Bytes on disk, all families.
    [[nodiscard]] std::uint64_t disk_bytes() const;
    [[nodiscard]] std::uint64_t approximate_count(Family family) const;
    /// Bytes of memory held by caches and write buffers: at most KvOptions::memory_bytes, and while the disk falls
    /// behind three of KvOptions::write_buffer_bytes more for each family that is written to.
    [[nodiscard]] std::uint64_t memory_bytes() const;
    /// Reads every block of every file and checks its checksum. Slow.
    [[nodiscard]] base::Result<void> verify_checksums() const;

 private:
    struct Impl;
    explicit KvStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace store
