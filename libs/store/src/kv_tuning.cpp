#include "kv_tuning.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <bit>

namespace store {
namespace {

/// A shard must hold many of everything, or it forgets what its neighbours have room for.
constexpr std::uint64_t kShardBytesMin = 16U << 20U;
constexpr int kShardBitsMax = 4;
constexpr double kBloomBitsPerKey = 10;
/// Keys are as random as hashes: a look-up wants one record (100 B of state, 600 B of the tree), and what else is in
/// its block only takes room in the cache. Smaller blocks cost index, a few bytes for each.
constexpr std::size_t kFlatBlockBytes = 1024;
constexpr std::size_t kNodeBlockBytes = 2048;

rocksdb::CompressionType text_compression() {
    const auto supported = rocksdb::GetSupportedCompressions();
    for (const auto wanted : {rocksdb::kZSTD, rocksdb::kLZ4Compression}) {
        if (std::find(supported.begin(), supported.end(), wanted) != supported.end()) return wanted;
    }
    return rocksdb::kNoCompression;
}

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = 8 * 1024;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = 4 * 1024;
    table.cache_index_and_filter_blocks = true;  // Memory stays inside the cache's bound.
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.pin_top_level_index_and_filter = true;  // A few hundred bytes a file.
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    table.format_version = 5;
    return table;
}

}  // namespace

std::shared_ptr<rocksdb::Cache> make_cache(std::uint64_t memory_bytes) {
    const auto shards = std::max<std::uint64_t>(1, memory_bytes / kShardBytesMin);
    rocksdb::LRUCacheOptions how;
    how.capacity = memory_bytes;
    how.num_shard_bits = std::min(static_cast<int>(std::bit_width(shards)) - 1, kShardBitsMax);
    how.high_pri_pool_ratio = 0.5;
    return rocksdb::NewLRUCache(how);
}

rocksdb::ColumnFamilyOptions family_options(Family family, const KvOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
    auto table = table_options(cache);
    rocksdb::ColumnFamilyOptions out;
    out.write_buffer_size = options.write_buffer_bytes;
    out.max_write_buffer_number = 3;
    out.target_file_size_base = 32U << 20U;
    const auto use_filter = [&] { table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey)); };
    switch (family) {
        case Family::flat:
            use_filter();
            table.block_size = kFlatBlockBytes;
            out.compression = rocksdb::kNoCompression;  // Hashes and keys that are hashes do not compress.
            break;
        case Family::node:
            use_filter();
            table.block_size = kNodeBlockBytes;
            out.optimize_filters_for_hits = true;  // Whoever reads a node knows that it is there.
            out.compression = rocksdb::kNoCompression;
            break;
        case Family::hist:  // Only ever scanned from a key on, which no filter helps.
            out.compression = rocksdb::kNoCompression;
            break;
        case Family::txidx:
            use_filter();
            out.compression = text_compression();
            break;
        case Family::blocks:
            table.block_size = 32 * 1024;
            out.compression = text_compression();
            break;
        case Family::stale:
        case Family::certs:
        case Family::meta:
            out.write_buffer_size = std::min<std::uint64_t>(options.write_buffer_bytes, 4U << 20U);
            break;
    }
    out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return out;
}

rocksdb::DBOptions database_options(const KvOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::DBOptions out;
    out.create_if_missing = options.create_if_missing;
    out.create_missing_column_families = true;
    out.max_background_jobs = 2;
    out.max_open_files = 512;
    out.max_total_wal_size = 96U << 20U;  // Read again at the next start, half a second or so.
    out.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(options.memory_bytes / 2, cache);
    out.bytes_per_sync = 1U << 20U;
    out.keep_log_file_num = 4;
    out.max_log_file_size = 4U << 20U;
    out.info_log_level = rocksdb::WARN_LEVEL;
    // A torn tail is a commit that was never acknowledged. Damage anywhere else must be an error, not a silent return
    // to an older state, which the default (point in time) would make of it.
    out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    out.track_and_verify_wals_in_manifest = true;
    return out;
}

}  // namespace store
