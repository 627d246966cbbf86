#include "store/kv.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "kv_tuning.hpp"
#include "store/disk_space.hpp"

namespace store {
namespace {

namespace fs = std::filesystem;
using Handles = std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount>;

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "ghostchain store 1";
constexpr std::string_view kIdentityKey = "identity";

rocksdb::Slice slice(base::ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
base::ByteView view(const rocksdb::Slice& bytes) noexcept {
    return std::as_bytes(std::span{bytes.data(), bytes.size()});
}
std::size_t index_of(Family family) noexcept { return static_cast<std::size_t>(family); }

bool mentions(const rocksdb::Status& status, std::string_view text) {
    return status.ToString().find(text) != std::string::npos;
}

bool is_no_space(const rocksdb::Status& status) {
    // EFBIG and EDQUOT arrive as plain IOError with errno's text: to whoever runs the node they are a full disk too.
    return status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit ||
           (status.IsIOError() && (mentions(status, "File too large") || mentions(status, "quota exceeded")));
}

Errc classify(const rocksdb::Status& status) {
    if (is_no_space(status)) return Errc::disk_full;
    if (status.IsCorruption()) return Errc::corrupt;
    return Errc::io_error;
}

std::unexpected<base::Error> fail_with(const rocksdb::Status& status, const char* note) {
    return base::fail(classify(status), note);
}

base::Result<std::optional<base::Bytes>> get_from(rocksdb::DB& db, const rocksdb::ReadOptions& how,
                                                  rocksdb::ColumnFamilyHandle* family, base::ByteView key) {
    rocksdb::PinnableSlice value;
    const auto status = db.Get(how, family, slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return fail_with(status, "get");
    return base::to_bytes(view(value));
}

void seek(rocksdb::Iterator& it, const ScanRange& range) {
    if (!range.reverse) {
        it.Seek(slice(base::compare(range.from, range.prefix) < 0 ? range.prefix : range.from));
        return;
    }
    if (!range.from.empty()) {
        it.SeekForPrev(slice(range.from));
        return;
    }
    // The last key with the prefix is the one before the first key past it.
    auto past = base::to_bytes(range.prefix);
    while (!past.empty() && past.back() == std::byte{0xff}) past.pop_back();
    if (past.empty()) {
        it.SeekToLast();
        return;
    }
    past.back() = static_cast<std::byte>(std::to_integer<unsigned>(past.back()) + 1);
    it.SeekForPrev(slice(past));
    if (it.Valid() && view(it.key()).size() == past.size() && base::equal(view(it.key()), past)) it.Prev();
}

base::Result<void> scan_from(rocksdb::DB& db, const rocksdb::ReadOptions& how, rocksdb::ColumnFamilyHandle* family,
                             const ScanRange& range, const ScanVisitor& visit) {
    const std::unique_ptr<rocksdb::Iterator> it{db.NewIterator(how, family)};
    std::uint64_t seen = 0;
    for (seek(*it, range); it->Valid() && seen < range.limit; ++seen) {
        const auto key = view(it->key());
        if (key.size() < range.prefix.size() || !base::equal(key.first(range.prefix.size()), range.prefix)) break;
        if (!visit(key, view(it->value()))) break;
        if (range.reverse) {
            it->Prev();
        } else {
            it->Next();
        }
    }
    if (!it->status().ok()) return fail_with(it->status(), "scan");
    return {};
}

class Snapshot final : public KvReader {
 public:
    Snapshot(rocksdb::DB& db, const Handles& handles) : db_{db}, handles_{handles}, snapshot_{db.GetSnapshot()} {
        how_.snapshot = snapshot_;
    }
    ~Snapshot() override { db_.ReleaseSnapshot(snapshot_); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    base::Result<std::optional<base::Bytes>> get(Family family, base::ByteView key) const override {
        return get_from(db_, how_, handles_[index_of(family)], key);
    }
    base::Result<void> scan(Family family, const ScanRange& range, const ScanVisitor& visit) const override {
        return scan_from(db_, how_, handles_[index_of(family)], range, visit);
    }

 private:
    rocksdb::DB& db_;
    Handles handles_;
    const rocksdb::Snapshot* snapshot_;
    rocksdb::ReadOptions how_;
};

base::Checked<void> prepare_folder(const KvOptions& options) {
    std::error_code error;
    const auto path = options.path.string();
    if (fs::exists(options.path, error)) {
        if (!fs::is_directory(options.path, error)) {
            return base::explain(Errc::foreign, fmt::format("{} is not a folder; a database needs one", path));
        }
    } else {
        if (!options.create_if_missing) {
            return base::explain(Errc::missing, fmt::format("there is no database at {}", path));
        }
        fs::create_directories(options.path, error);
        if (error) {
            return base::explain(Errc::unwritable, fmt::format("cannot make the folder {}: {}", path, error.message()));
        }
        ::chmod(path.c_str(), 0700);
    }
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
        return base::explain(Errc::unwritable, fmt::format("cannot write to {}: permission denied", path));
    }
    const bool has_database = fs::exists(options.path / "CURRENT", error);
    if (!has_database) {
        // RocksDB leaves LOCK, LOG and the first MANIFEST behind when it is killed while it makes a database.
        for (fs::directory_iterator at{options.path, error}; !error && at != fs::directory_iterator{};
             at.increment(error)) {
            const auto name = at->path().filename().string();
            const bool ours = name == "LOCK" || name == "IDENTITY" || name.starts_with("LOG") ||
                              name.starts_with("MANIFEST") || name.ends_with(".dbtmp");
            if (ours) continue;
            // These come after CURRENT: a database was here, and a log may hold blocks that were committed.
            const bool lost_current = name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("OPTIONS-");
            return base::explain(
                lost_current ? Errc::corrupt : Errc::foreign,
                fmt::format("{} holds {} but no database (no file CURRENT); give an empty folder or restore it", path,
                            name));
        }
        if (!options.create_if_missing) {
            return base::explain(Errc::missing, fmt::format("there is no database at {}", path));
        }
    }
    return {};
}

base::Checked<void> check_families(const KvOptions& options, const rocksdb::DBOptions& how) {
    std::error_code ignored;
    if (!fs::exists(options.path / "CURRENT", ignored)) return {};
    std::vector<std::string> names;
    const auto status = rocksdb::DB::ListColumnFamilies(how, options.path.string(), &names);
    if (!status.ok()) {
        return base::explain(
            classify(status) == Errc::io_error ? Errc::corrupt : classify(status),
            fmt::format("the database {} cannot be read: {}", options.path.string(), status.ToString()));
    }
    for (const auto& name : names) {
        const auto known =
            std::any_of(kFamilyNames.begin(), kFamilyNames.end(), [&name](const char* ours) { return name == ours; });
        if (!known) {
            return base::explain(Errc::foreign,
                                 fmt::format("{} is a database of another program (it has a family \"{}\")",
                                             options.path.string(), name));
        }
    }
    return {};
}

base::Diagnostic describe_open_failure(const KvOptions& options, const rocksdb::Status& status) {
    const auto path = options.path.string();
    const auto text = status.ToString();
    if (mentions(status, "lock")) {
        return base::explain(Errc::locked, fmt::format("the database {} is in use by another process", path)).error();
    }
    if (is_no_space(status)) {
        return base::explain(Errc::disk_full, fmt::format("no space left to open the database {}: {}", path, text))
            .error();
    }
    if (status.IsCorruption()) {
        return base::explain(
                   Errc::corrupt,
                   fmt::format("the database {} is corrupt: {}; restore it from a copy or start it again from "
                               "an empty folder",
                               path, text))
            .error();
    }
    if (mentions(status, "Permission denied") || mentions(status, "Read-only file system")) {
        return base::explain(Errc::unwritable, fmt::format("cannot write to the database {}: {}", path, text)).error();
    }
    if (mentions(status, "No such file")) {
        return base::explain(Errc::corrupt, fmt::format("the database {} lacks a file: {}", path, text)).error();
    }
    return base::explain(Errc::io_error, fmt::format("cannot open the database {}: {}", path, text)).error();
}

}  // namespace

struct Batch::Impl {
    struct Op {
        Family family;
        bool is_delete;
        std::uint32_t key_size;
        std::uint32_t value_size;
    };
    // Families have no handles before a store is known, so the batch keeps its own flat log of operations.
    std::vector<Op> ops;
    std::vector<char> data;
};

Batch::Batch() : impl_{std::make_unique<Impl>()} {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::put(Family family, base::ByteView key, base::ByteView value) {
    impl_->ops.push_back(
        {family, false, static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())});
    const auto append = [this](base::ByteView bytes) {
        const auto* at = reinterpret_cast<const char*>(bytes.data());
        impl_->data.insert(impl_->data.end(), at, at + bytes.size());
    };
    append(key);
    append(value);
}

void Batch::del(Family family, base::ByteView key) {
    impl_->ops.push_back({family, true, static_cast<std::uint32_t>(key.size()), 0});
    const auto* at = reinterpret_cast<const char*>(key.data());
    impl_->data.insert(impl_->data.end(), at, at + key.size());
}

void Batch::clear() {
    impl_->ops.clear();
    impl_->data.clear();
}
std::size_t Batch::count() const noexcept { return impl_->ops.size(); }
std::size_t Batch::size_bytes() const noexcept { return impl_->data.size(); }

struct KvStore::Impl {
    std::unique_ptr<rocksdb::DB> db;
    Handles handles{};
    std::shared_ptr<rocksdb::Cache> cache;
    std::mutex commit_mutex;
    std::atomic<bool> poisoned{false};
    bool read_only = false;
    fs::path folder;

    ~Impl() {
        for (auto* handle : handles) {
            if (handle) db->DestroyColumnFamilyHandle(handle);
        }
    }
    base::Checked<void> check_identity(KvStore& store, const KvOptions& options) const;
};

KvStore::KvStore(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
KvStore::~KvStore() = default;

base::Checked<std::unique_ptr<KvStore>> KvStore::open(const KvOptions& options) {
    GC_CHECK(prepare_folder(options));
    auto impl = std::make_unique<Impl>();
    impl->cache = make_cache(options.memory_bytes);
    const auto how = database_options(options, impl->cache);
    GC_CHECK(check_families(options, how));
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.reserve(kFamilyCount);
    for (std::size_t i = 0; i < kFamilyCount; ++i) {
        families.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), options, impl->cache));
    }
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const auto space = disk_space(options.path);
    const bool full = space.free_bytes < space.needed_bytes;
    if (full && !options.read_only_when_full) return base::explain(Errc::disk_full, explain_full_disk(options.path));
    // Opened for reading, what the log holds is read into memory and nothing is written.
    const auto status = full ? rocksdb::DB::OpenForReadOnly(how, options.path.string(), families, &handles, &db)
                             : rocksdb::DB::Open(how, options.path.string(), families, &handles, &db);
    if (full && !status.ok()) return base::explain(Errc::disk_full, explain_full_disk(options.path));
    impl->read_only = full;
    impl->folder = options.path;
    if (!status.ok()) return std::unexpected{describe_open_failure(options, status)};
    impl->db.reset(db);
    std::copy(handles.begin(), handles.end(), impl->handles.begin());
    std::unique_ptr<KvStore> store{new KvStore{std::move(impl)}};
    GC_CHECK(store->impl_->check_identity(*store, options));
    return store;
}

base::Checked<void> KvStore::Impl::check_identity(KvStore& store, const KvOptions& options) const {
    const auto path = options.path.string();
    const auto read = [&](std::string_view key) -> base::Checked<std::optional<base::Bytes>> {
        auto value = store.get(Family::meta, base::as_bytes(key));
        if (!value)
            return base::explain(
                Errc::corrupt, fmt::format("the database {} cannot be read: {}", path, base::to_string(value.error())));
        return std::move(*value);
    };
    GC_TRY(const auto format, read(kFormatKey));
    GC_TRY(const auto identity, read(kIdentityKey));
    if (format && identity) {
        if (base::as_text(*format) != kFormat) {
            return base::explain(Errc::foreign,
                                 fmt::format("the database {} has format \"{}\"; this program reads \"{}\"", path,
                                             base::as_text(*format), kFormat));
        }
        if (base::as_text(*identity) != options.identity) {
            return base::explain(Errc::foreign,
                                 fmt::format("the database {} belongs to {}, not to {}; give another folder", path,
                                             base::as_text(*identity), options.identity));
        }
        return {};
    }
    bool empty = !format && !identity;
    for (std::size_t i = 0; i < kFamilyCount && empty; ++i) {
        const auto visited =
            store.scan(static_cast<Family>(i), {.limit = 1}, [&empty](auto, auto) { return empty = false; });
        if (!visited)
            return base::explain(Errc::corrupt, fmt::format("the database {} cannot be read: {}", path,
                                                            base::to_string(visited.error())));
    }
    if (!empty) {
        return base::explain(Errc::foreign,
                             fmt::format("{} is a database of another program (it has no format marker)", path));
    }
    Batch marker;
    marker.put(Family::meta, base::as_bytes(kFormatKey), base::as_bytes(kFormat));
    marker.put(Family::meta, base::as_bytes(kIdentityKey), base::as_bytes(options.identity));
    if (const auto written = store.commit(marker, true); !written) {
        return std::unexpected{base::Diagnostic{written.error(), fmt::format("cannot write to the database {}: {}",
                                                                             path, base::to_string(written.error()))}};
    }
    return {};
}

base::Result<std::optional<base::Bytes>> KvStore::get(Family family, base::ByteView key) const {
    return get_from(*impl_->db, rocksdb::ReadOptions{}, impl_->handles[index_of(family)], key);
}

base::Result<void> KvStore::scan(Family family, const ScanRange& range, const ScanVisitor& visit) const {
    return scan_from(*impl_->db, rocksdb::ReadOptions{}, impl_->handles[index_of(family)], range, visit);
}

std::shared_ptr<const KvReader> KvStore::snapshot() const {
    return std::make_shared<Snapshot>(*impl_->db, impl_->handles);
}

base::Result<void> KvStore::commit(Batch& batch, bool sync) {
    const std::scoped_lock lock{impl_->commit_mutex};
    if (poisoned()) return base::fail(Errc::poisoned, "commit");
    if (read_only()) return base::fail(Errc::disk_full, "opened for reading");
    if (free_bytes(impl_->folder) < kReserveBytes) {
        impl_->poisoned = true;
        return base::fail(Errc::disk_full, "commit");
    }
    rocksdb::WriteBatch writes{batch.size_bytes() + 16 * batch.count()};
    const char* at = batch.impl_->data.data();
    rocksdb::Status status;
    for (const auto& op : batch.impl_->ops) {
        auto* family = impl_->handles[index_of(op.family)];
        const rocksdb::Slice key{at, op.key_size};
        const rocksdb::Slice value{at + op.key_size, op.value_size};
        status = op.is_delete ? writes.Delete(family, key) : writes.Put(family, key, value);
        if (!status.ok()) break;
        at += op.key_size + op.value_size;
    }
    if (status.ok()) {
        rocksdb::WriteOptions how;
        how.sync = sync;
        status = impl_->db->Write(how, &writes);
    }
    if (status.ok()) return {};
    // Whether the batch will be there after a restart is unknown now; writing on could build on sand.
    impl_->poisoned = true;
    return fail_with(status, "commit");
}

bool KvStore::read_only() const noexcept { return impl_->read_only; }
bool KvStore::poisoned() const noexcept { return impl_->poisoned; }

base::Checked<void> KvStore::checkpoint(const std::filesystem::path& target) const {
    rocksdb::Checkpoint* raw = nullptr;
    auto status = rocksdb::Checkpoint::Create(impl_->db.get(), &raw);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint{raw};
    if (status.ok()) status = checkpoint->CreateCheckpoint(target.string());
    if (status.ok()) return {};
    return base::explain(classify(status),
                         fmt::format("cannot copy the database to {}: {}", target.string(), status.ToString()));
}

std::uint64_t KvStore::disk_bytes() const {
    std::error_code error;
    std::uint64_t total = 0;
    for (fs::directory_iterator at{impl_->db->GetName(), error}; !error && at != fs::directory_iterator{};
         at.increment(error)) {
        std::error_code gone;  // Compaction removes files while we look.
        const auto size = at->file_size(gone);
        if (!gone) total += size;
    }
    return total;
}

std::uint64_t KvStore::approximate_count(Family family) const {
    std::uint64_t value = 0;
    impl_->db->GetIntProperty(impl_->handles[index_of(family)], rocksdb::DB::Properties::kEstimateNumKeys, &value);
    return value;
}

std::uint64_t KvStore::memory_bytes() const { return impl_->cache->GetUsage(); }

base::Result<void> KvStore::verify_checksums() const {
    const auto status = impl_->db->VerifyChecksum(rocksdb::ReadOptions{});
    if (!status.ok()) return fail_with(status, "verify_checksums");
    return {};
}

}  // namespace store
