#pragma once
// What RocksDB is told. One budget (KvOptions::memory_bytes) holds blocks, filters, indexes and write buffers:
//
//   block cache, few shards ─┬─ write buffers: at most half, charged to the cache while they live
//                            ├─ partitions of filters and indexes: half of the rest is theirs first
//                            └─ blocks of data
//
// Filters and indexes are cut into partitions of 4 KiB. As whole pieces they are larger than a shard of a small cache,
// are not kept, and are read again with every look-up.

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

#include <memory>

#include "store/kv.hpp"

namespace store {

/// RocksDB insists on a family called "default"; it is where `flat` lives.
inline constexpr std::array<const char*, kFamilyCount> kFamilyNames{"default", "hist",  "node",  "stale",
                                                                    "blocks",  "certs", "txidx", "meta"};

std::shared_ptr<rocksdb::Cache> make_cache(std::uint64_t memory_bytes);
rocksdb::ColumnFamilyOptions family_options(Family family, const KvOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache);
rocksdb::DBOptions database_options(const KvOptions& options, const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace store
