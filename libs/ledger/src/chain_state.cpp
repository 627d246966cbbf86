#include "ledger/chain_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain_impl.hpp"
#include "chain_records.hpp"
#include "gcrypt/jmt_hash.hpp"

namespace ledger {
namespace {

using store::Family;

/// Versions pruned by one commit: one a block is the steady state; a few more let a smaller window catch up.
constexpr std::size_t kPrunedPerCommitMax = 4;

std::string identity_of(const ChainBinding& binding) {
    return fmt::format("{}:{}", binding.chain_id, base::to_hex(binding.genesis_hash));
}

/// Addresses in whose history a transaction belongs: its sender, whoever it paid, and the contracts it was for.
std::vector<Address> parties(const VerifiedTx& tx, const Receipt& receipt) {
    std::vector<Address> out{tx.tx().sender};
    for (const auto& msg : tx.tx().msgs) {
        if (const auto* call = std::get_if<ContractCall>(&msg)) out.push_back(call->contract);
        if (const auto* upgrade = std::get_if<ContractUpgrade>(&msg)) out.push_back(upgrade->contract);
    }
    for (const auto& event : receipt.events) {
        if (const auto* deployed = std::get_if<ContractDeployedEvent>(&event)) out.push_back(deployed->contract);
        if (const auto* transfer = std::get_if<TransferEvent>(&event)) out.push_back(transfer->to);
        if (const auto* minted = std::get_if<AssetMintedEvent>(&event)) out.push_back(minted->to);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

/// Whether the lowest unfinalized ancestor of `block` has `head` for its parent, or is it.
bool stands_on(const ExecutedImpl& block, const Head& head) {
    std::shared_ptr<const ExecutedImpl> held;
    const auto* lowest = &block;
    while (auto next = lowest->parent()) {
        held = std::move(next);
        lowest = held.get();
        if (lowest->hash() == head.hash) return true;
    }
    return lowest->header().parent == head.hash;
}

BlockHeader header_of(const BlockProposal& proposal) {
    BlockHeader wanted;
    wanted.epoch = proposal.epoch;
    wanted.slot = proposal.slot;
    wanted.time_ms = proposal.time_ms;
    wanted.proposer = proposal.proposer;
    wanted.parent_cert_hash = proposal.parent_cert_hash;
    return wanted;
}

/// Which field of a received header disagrees with execution, or null.
const char* difference(const BlockHeader& wanted, const BlockHeader& found) {
    if (wanted.version != found.version) return "version";
    if (wanted.chain_id != found.chain_id) return "chain_id";
    if (wanted.base_fee != found.base_fee) return "base_fee";
    if (wanted.valset_hash != found.valset_hash) return "valset_hash";
    if (wanted.next_valset_hash != found.next_valset_hash) return "next_valset_hash";
    if (wanted.gas_used != found.gas_used) return "gas_used";
    if (wanted.tx_root != found.tx_root) return "tx_root";
    if (wanted.receipts_root != found.receipts_root) return "receipts_root";
    if (wanted.state_root != found.state_root) return "state_root";
    return nullptr;
}

}  // namespace

store::JmtHashFn state_hash_fn() noexcept { return &gcrypt::jmt_blake3; }

ChainState::Impl::Impl(const ChainOptions& chain_options, ChainBinding chain, std::unique_ptr<store::KvStore> store)
    : options{chain_options},
      binding{std::move(chain)},
      kv{std::move(store)},
      base_reader{*kv, options},
      contracts{options.contracts} {}

base::Checked<void> ChainState::Impl::load(const Genesis& genesis) {
    const auto explain = [this](const base::Error& error) {
        return std::unexpected{
            base::Diagnostic{error, fmt::format("the database {}: {}", options.path.string(), base::to_string(error))}};
    };
    const auto head_record = kv->get(Family::meta, base::as_bytes(records::kHeadKey));
    if (!head_record) return explain(head_record.error());
    if (!*head_record) {
        if (const auto written = write_genesis(genesis); !written) return explain(written.error());
    }
    if (const auto read = read_head(); !read) return explain(read.error());
    return {};
}

base::Result<store::JmtUpdate> ChainState::Impl::update_tree(store::JmtReader& reader, std::uint64_t base_version,
                                                             std::uint64_t version, const StateWrites& writes,
                                                             std::vector<base::Digest>& changed_hashes) const {
    std::vector<store::JmtWrite> tree_writes;
    tree_writes.reserve(writes.size());
    changed_hashes.reserve(writes.size());
    for (const auto& [key, change] : writes) {
        auto& write = tree_writes.emplace_back();
        write.key_hash = tree.hash_bytes(base::as_bytes(key));
        if (change.after) write.value_hash = tree.hash_bytes(*change.after);
        changed_hashes.push_back(write.key_hash);  // In the order of `writes`.
    }
    std::sort(tree_writes.begin(), tree_writes.end(),
              [](const auto& a, const auto& b) { return std::memcmp(&a.key_hash, &b.key_hash, 32) < 0; });
    return tree.apply(reader, base_version, version, tree_writes);
}

base::Result<void> ChainState::Impl::read_head() {
    GC_TRY(const auto bytes, kv->get(Family::meta, base::as_bytes(records::kHeadKey)));
    GC_TRY(const auto oldest_bytes, kv->get(Family::meta, base::as_bytes(records::kOldestKey)));
    if (!bytes || !oldest_bytes) return base::fail(Errc::corrupt_chain, "head is missing");
    GC_TRY(const auto record, records::decode_head(*bytes));
    GC_TRY(const auto oldest, records::decode_number(*oldest_bytes));
    GC_TRY(const auto raw, kv->get(Family::blocks, records::header_key(record.height)));
    if (!raw) return base::fail(Errc::corrupt_chain, "head block is missing");
    Head found;
    GC_TRY(found.header, decode_header(*raw));
    found.hash = block_hash(found.header);
    if (found.hash != record.hash || found.header.height != record.height) {
        return base::fail(Errc::corrupt_chain, "head block is another one");
    }
    if (found.header.chain_id != binding.chain_id) return base::fail(Errc::wrong_chain, "head block");
    GC_TRY(const auto params_bytes, kv->get(Family::flat, base::as_bytes(params_key())));
    if (!params_bytes) return base::fail(Errc::corrupt_chain, "parameters are missing");
    GC_TRY(found.params, decode_params(*params_bytes));
    GC_TRY(const auto certificate, kv->get(Family::certs, records::number_key(record.height)));
    if (certificate) found.certificate_hash = ledger::certificate_hash(*certificate);
    GC_TRY(const auto root, tree.root(base_reader, record.height));
    if (root != found.header.state_root) return base::fail(Errc::corrupt_chain, "state tree has another root");
    found.next_base_fee = found.header.height == 0
                              ? found.header.base_fee
                              : next_base_fee(found.params, found.header.base_fee, found.header.gas_used);
    publish(std::move(found), oldest, nullptr);
    return {};
}

base::Result<ExecutedBlockPtr> ChainState::Impl::run(const BlockHeader& wanted, const ExecutedBlockPtr& parent,
                                                     const Execution& execution) {
    auto above = std::static_pointer_cast<const ExecutedImpl>(parent);
    std::shared_ptr<const Head> base;
    {
        const std::scoped_lock lock{head_mutex};
        base = current_head;
        if (above && above->hash() == base->hash) above = nullptr;
        // The lowest unfinalized ancestor must stand on what is in the database, else reads would mix two chains.
        if (above && !stands_on(*above, *base)) {
            return base::fail(Errc::bad_parent, "parent is not above the finalized chain");
        }
    }
    const auto& parent_header = above ? above->header() : base->header;
    BlockHeader header;
    header.chain_id = binding.chain_id;
    header.epoch = wanted.epoch;
    header.height = parent_header.height + 1;
    header.slot = wanted.slot;
    header.parent = above ? above->hash() : base->hash;
    header.time_ms = wanted.time_ms;
    header.proposer = wanted.proposer;
    header.base_fee = above ? above->next_base_fee() : base->next_base_fee;
    header.valset_hash = parent_header.next_valset_hash;
    header.next_valset_hash = parent_header.next_valset_hash;
    header.parent_cert_hash = wanted.parent_cert_hash;
    GC_CHECK(check_header(header, parent_header));

    LayeredReader reader{above, base_reader};
    const BlockContext context{
        .height = header.height, .time_ms = header.time_ms, .proposer = header.proposer, .base_fee = header.base_fee};
    GC_TRY(auto result, execution(reader, context));
    header.gas_used = result.gas_used;
    auto block = std::make_shared<ExecutedImpl>();
    block->fill(std::move(header), std::move(result));
    auto& effects = block->making();
    GC_TRY(effects.tree,
           update_tree(reader, parent_header.height, block->header().height, effects.writes, effects.changed_hashes));
    // A commit meanwhile is fine when it was of an ancestor, which reads the same from the database. Any other one has
    // mixed its branch into what was read.
    {
        const std::scoped_lock lock{head_mutex};
        const auto& now = *current_head;
        if (now.hash != base->hash && !(above && (now.hash == above->hash() || stands_on(*above, now)))) {
            return base::fail(Errc::bad_parent, "the finalized chain went another way meanwhile");
        }
    }
    block->seal(effects.tree.root);
    block->set_parent(std::move(above));
    return ExecutedBlockPtr{std::move(block)};
}

base::Result<void> ChainState::Impl::check_binding(std::span<const VerifiedTx> txs) const {
    for (const auto& tx : txs) {
        if (tx.tx().genesis_hash != binding.genesis_hash) return base::fail(Errc::wrong_chain, "transaction");
    }
    return {};
}

void ChainState::Impl::put_block(store::Batch& batch, const ExecutedImpl& block, const Effects& effects,
                                 base::ByteView certificate) const {
    const auto height = block.header().height;
    batch.put(Family::blocks, records::header_key(height), effects.raw_header);
    batch.put(Family::txidx, records::block_hash_key(block.hash()), records::number_key(height));
    if (!certificate.empty()) batch.put(Family::certs, records::number_key(height), certificate);
    for (const auto& contract : records::emitters(block.receipts())) {
        batch.put(Family::txidx, records::events_key(contract, height), {});
        batch.put(Family::txidx, records::events_key(std::nullopt, height), {});
    }
    for (std::uint32_t i = 0; i < block.txs().size(); ++i) {
        const auto& tx = block.txs()[i];
        batch.put(Family::blocks, records::tx_key(height, i),
                  records::encode_tx_record(tx.encoded(), effects.raw_receipts[i]));
        batch.put(Family::txidx, records::tx_id_key(tx.id()), records::encode_place({height, i}));
        for (const auto& address : parties(tx, block.receipts()[i])) {
            batch.put(Family::txidx, records::address_key(address, height, i), tx.id());
        }
    }
    batch.put(Family::meta, base::as_bytes(records::kHeadKey), records::encode_head({height, block.hash()}));
}

void ChainState::Impl::put_state(store::Batch& batch, std::uint64_t height, const Effects& effects) const {
    std::size_t index = 0;
    for (const auto& [key, change] : effects.writes) {
        const auto key_bytes = base::as_bytes(key);
        if (change.after) {
            batch.put(Family::flat, key_bytes, *change.after);
        } else {
            batch.del(Family::flat, key_bytes);
        }
        const auto& key_hash = effects.changed_hashes[index++];
        batch.put(Family::hist, records::hist_key(key_hash, height), records::encode_hist(change.before));
    }
    for (const auto& [key, node] : effects.tree.nodes) batch.put(Family::node, key.encode(), node->encode());
    records::StaleRecord stale;
    stale.nodes.reserve(effects.tree.stale.size());
    for (const auto& key : effects.tree.stale) stale.nodes.push_back(key.encode());
    stale.hist_hashes = effects.changed_hashes;
    batch.put(Family::stale, records::number_key(height), records::encode_stale(stale));
}

base::Result<void> ChainState::Impl::put_pruning(store::Batch& batch, std::uint64_t height,
                                                 std::uint64_t& oldest) const {
    // What version v replaced serves versions below v. With the window [height - history, height] kept, it can go for
    // every v up to the window's start.
    const auto start = height > options.history_heights ? height - options.history_heights : 0;
    for (std::size_t i = 0; i < kPrunedPerCommitMax && oldest < start; ++i) {
        const auto version = oldest + 1;
        const auto key = records::number_key(version);
        GC_TRY(const auto bytes, kv->get(Family::stale, key));
        if (!bytes) return base::fail(Errc::corrupt_chain, "stale record is missing");
        GC_TRY(const auto stale, records::decode_stale(*bytes));
        for (const auto& node : stale.nodes) batch.del(Family::node, node);
        for (const auto& hash : stale.hist_hashes) batch.del(Family::hist, records::hist_key(hash, version));
        batch.del(Family::stale, key);
        oldest = version;
        batch.put(Family::meta, base::as_bytes(records::kOldestKey), records::number_key(oldest));
    }
    return {};
}

base::Result<void> ChainState::Impl::commit(const ExecutedBlockPtr& executed, base::ByteView certificate) {
    const std::scoped_lock lock{commit_mutex};
    if (!executed) return base::fail(base::Errc::invalid_argument, "no block");
    if (certificate.size() > kCertificateBytesMax) return base::fail(Errc::too_large, "certificate");
    const auto block = std::static_pointer_cast<const ExecutedImpl>(executed);
    const auto before = head();
    if (block->header().parent != before->hash) return base::fail(Errc::not_head, "commit");
    const auto effects = block->effects();
    if (!effects) return base::fail(Errc::not_head, "commit of a final block");
    auto oldest = oldest_tree;  // Only commits change it, and they are serialised.
    store::Batch batch;
    put_block(batch, *block, *effects, certificate);
    put_state(batch, block->header().height, *effects);
    GC_CHECK(put_pruning(batch, block->header().height, oldest));
    GC_CHECK(kv->commit(batch, true));
    base_reader.committed(effects->writes, effects->tree);
    Head next;
    next.header = block->header();
    next.hash = block->hash();
    next.next_base_fee = block->next_base_fee();
    next.params = block->params();
    next.certificate_hash = ledger::certificate_hash(certificate);
    publish(std::move(next), oldest, block.get());
    return {};
}

void ChainState::Impl::publish(Head next, std::uint64_t oldest, const ExecutedImpl* committed) {
    auto shared = std::make_shared<const Head>(std::move(next));
    auto next_view = make_chain_view(kv->snapshot(), shared, oldest);
    EffectsPtr done;  // Goes last, without the lock.
    const std::scoped_lock lock{head_mutex};
    // The block and its ancestors are in the database now; run() relies on this changing together with the head.
    if (committed) done = committed->release();
    current_head = std::move(shared);
    current_view.swap(next_view);
    oldest_tree = oldest;
}

ChainState::ChainState(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
ChainState::~ChainState() = default;

base::Checked<std::unique_ptr<ChainState>> ChainState::open(const ChainOptions& options, const Genesis& genesis) {
    GC_CHECK(validate(genesis));
    const ChainBinding binding{.chain_id = genesis.chain_id, .genesis_hash = genesis_hash(genesis)};
    GC_TRY(auto kv, store::KvStore::open({.path = options.path,
                                          .identity = identity_of(binding),
                                          .create_if_missing = options.create_if_missing,
                                          .read_only_when_full = options.read_only_when_full,
                                          .memory_bytes = options.memory_bytes}));
    auto impl = std::make_unique<Impl>(options, binding, std::move(kv));
    GC_CHECK(impl->load(genesis));
    return std::unique_ptr<ChainState>{new ChainState{std::move(impl)}};
}

const ChainBinding& ChainState::binding() const noexcept { return impl_->binding; }
std::shared_ptr<const Head> ChainState::head() const { return impl_->head(); }
std::shared_ptr<const ChainView> ChainState::view() const { return impl_->view(); }
ContractEngine& ChainState::contracts() const noexcept { return impl_->contracts; }

base::Result<ExecutedBlockPtr> ChainState::propose(const BlockProposal& proposal, const ExecutedBlockPtr& parent) {
    GC_CHECK(impl_->check_binding(proposal.txs));
    return impl_->run(header_of(proposal), parent, [&](const StateReader& reader, const BlockContext& context) {
        return execute_block(reader, context, proposal.txs, OnInvalid::skip, &impl_->contracts,
                             impl_->options.block_end);
    });
}

base::Result<ExecutedBlockPtr> ChainState::propose(const BlockProposal& proposal, TxSource& source,
                                                   const ExecutedBlockPtr& parent) {
    return impl_->run(header_of(proposal), parent, [&](const StateReader& reader, const BlockContext& context) {
        return build_block(reader, context, source, impl_->contracts, impl_->options.block_end);
    });
}

std::vector<ExecutedBlockPtr> ChainState::unfinalized(const ExecutedBlockPtr& tip) const {
    const auto final_hash = head()->hash;
    std::vector<ExecutedBlockPtr> out;
    auto at = std::static_pointer_cast<const ExecutedImpl>(tip);
    while (at && at->hash() != final_hash) {
        out.push_back(at);
        at = at->parent();
    }
    return out;
}

base::Result<ExecutedBlockPtr> ChainState::execute(const BlockHeader& header, std::span<const VerifiedTx> txs,
                                                   const ExecutedBlockPtr& parent) {
    // Before any work: this must be a block for this chain, at this place.
    if (header.chain_id != impl_->binding.chain_id) return base::fail(Errc::wrong_chain, "block");
    const auto base = impl_->head();
    const auto& parent_hash = parent ? parent->hash() : base->hash;
    const auto parent_height = parent ? parent->header().height : base->header.height;
    if (header.parent != parent_hash) return base::fail(Errc::bad_parent, "hash");
    if (header.height != parent_height + 1) return base::fail(Errc::bad_parent, "height");
    GC_CHECK(check_header(header, parent ? parent->header() : base->header));
    GC_CHECK(impl_->check_binding(txs));
    GC_TRY(auto block, impl_->run(header, parent, [&](const StateReader& reader, const BlockContext& context) {
        return execute_block(reader, context, txs, OnInvalid::refuse_block, &impl_->contracts,
                             impl_->options.block_end);
    }));
    if (block->header().parent != header.parent) return base::fail(Errc::bad_parent, "the head moved meanwhile");
    if (const auto* field = difference(header, block->header())) return base::fail(Errc::bad_header, field);
    return block;
}

base::Result<void> ChainState::commit(const ExecutedBlockPtr& block, base::ByteView certificate) {
    return impl_->commit(block, certificate);
}

bool ChainState::read_only() const noexcept { return impl_->kv->read_only(); }
const std::filesystem::path& ChainState::path() const noexcept { return impl_->options.path; }
bool ChainState::poisoned() const noexcept { return impl_->kv->poisoned(); }
std::uint64_t ChainState::disk_bytes() const { return impl_->kv->disk_bytes(); }
std::uint64_t ChainState::memory_bytes() const { return impl_->kv->memory_bytes(); }
base::Checked<void> ChainState::checkpoint(const std::filesystem::path& target) const {
    return impl_->kv->checkpoint(target);
}

base::Result<void> ChainState::for_each_state(
    const std::function<bool(std::string_view key, base::ByteView value)>& visit) const {
    const auto snapshot = impl_->kv->snapshot();
    return snapshot->scan(Family::flat, {},
                          [&](base::ByteView key, base::ByteView value) { return visit(base::as_text(key), value); });
}

}  // namespace ledger
