// Block 0 on disk. It may hold millions of accounts, so it is written in batches of bounded size:
//
//   marker ─▶ flat records ─▶ tree records, children first ─▶ block 0, head, no marker any more
//
// Each batch is synced before the next. Killed in between, the folder has a marker and no head: the next start writes
// everything again, which gives the same records.

#include <algorithm>

#include "chain_impl.hpp"
#include "chain_records.hpp"
#include "genesis_state.hpp"

namespace ledger {
namespace {

using store::Family;

/// A batch and its copy inside the store are all that is in memory of what was written.
constexpr std::size_t kBatchBytesMax = 4U << 20U;

class Batches {
 public:
    explicit Batches(store::KvStore& kv) noexcept : kv_{kv} {}

    base::Result<void> put(Family family, base::ByteView key, base::ByteView value) {
        batch_.put(family, key, value);
        if (batch_.size_bytes() < kBatchBytesMax) return {};
        return flush();
    }
    base::Result<void> flush() {
        GC_CHECK(kv_.commit(batch_, true));
        batch_.clear();
        return {};
    }

 private:
    store::KvStore& kv_;
    store::Batch batch_;
};

/// A folder without a head is new or was left in the middle of this. Anything else has lost its head.
base::Result<void> check_unfinished(const store::KvStore& kv) {
    GC_TRY(const auto marker, kv.get(Family::meta, base::as_bytes(records::kGenesisMarkerKey)));
    if (marker) return {};
    for (const auto family : {Family::flat, Family::node, Family::blocks}) {
        bool empty = true;
        GC_CHECK(kv.scan(family, {.limit = 1}, [&empty](auto, auto) { return empty = false; }));
        if (!empty) return base::fail(Errc::corrupt_chain, "head is missing");
    }
    return {};
}

}  // namespace

base::Result<void> ChainState::Impl::write_genesis(const Genesis& genesis) {
    GC_CHECK(check_unfinished(*kv));
    Batches batches{*kv};
    GC_CHECK(batches.put(Family::meta, base::as_bytes(records::kGenesisMarkerKey), {}));
    GC_CHECK(batches.flush());

    std::vector<store::JmtWrite> leaves;
    leaves.reserve(genesis.allocations.size() + 2);
    GC_CHECK(for_each_initial_record(genesis, [&](std::string_view key, base::ByteView value) {
        leaves.push_back({tree.hash_bytes(base::as_bytes(key)), tree.hash_bytes(value)});
        return batches.put(Family::flat, base::as_bytes(key), value);
    }));
    std::sort(leaves.begin(), leaves.end(), [](const auto& a, const auto& b) { return a.key_hash < b.key_hash; });

    BlockHeader header{.chain_id = binding.chain_id};
    header.parent = binding.genesis_hash;
    header.time_ms = genesis.time_ms;
    header.base_fee = genesis.params.base_fee_initial;
    header.valset_hash = valset_hash(genesis);
    header.next_valset_hash = header.valset_hash;
    ExecutedImpl block;
    block.fill(std::move(header), BlockResult{});
    GC_TRY(const auto root, tree.build(0, leaves, [&](const store::NodeKey& key, const store::JmtNode& node) {
        return batches.put(Family::node, key.encode(), node.encode());
    }));
    GC_CHECK(batches.flush());

    block.seal(root);
    store::Batch last;
    put_block(last, block, block.making(), {});
    last.put(Family::meta, base::as_bytes(records::kOldestKey), records::number_key(0));
    last.del(Family::meta, base::as_bytes(records::kGenesisMarkerKey));
    return kv->commit(last, true);
}

}  // namespace ledger
