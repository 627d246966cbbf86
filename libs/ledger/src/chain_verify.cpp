// The whole chain checked against itself: state against roots and supplies, blocks against one another.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chain_impl.hpp"
#include "chain_records.hpp"

namespace ledger {
namespace {

using store::Family;

std::unexpected<base::Diagnostic> disagree(std::string text) {
    return base::explain(Errc::corrupt_chain, std::move(text));
}

std::unexpected<base::Diagnostic> unreadable(const base::Error& error, const std::string& what) {
    return std::unexpected{base::Diagnostic{error, fmt::format("{}: {}", what, base::to_string(error))}};
}

/// What the flat state adds up to.
struct StateSums {
    std::vector<store::JmtWrite> leaves;
    std::map<AssetId, Amount> balances;
    std::map<AssetId, Amount> supplies;
    std::string problem;

    void add(const store::Jmt& tree, base::ByteView key, base::ByteView value) {
        leaves.push_back({tree.hash_bytes(key), tree.hash_bytes(value)});
        const auto text = base::as_text(key);
        if (text.starts_with("b/") && key.size() == 66) {
            const auto amount = decode_amount(value);
            if (!amount) return complain("a balance record does not decode");
            auto& sum = balances[AssetId{*base::to_fixed<32>(key.subspan(34))}];
            const auto next = base::checked_add(sum, *amount);
            if (!next) return complain("the balances of an asset exceed 2^128-1");
            sum = *next;
        } else if (text.starts_with("s/") && key.size() == 34) {
            const auto asset = decode_asset(value);
            if (!asset) return complain("an asset record does not decode");
            supplies[AssetId{*base::to_fixed<32>(key.subspan(2))}] = asset->supply;
        }
    }
    void complain(const char* text) {
        if (problem.empty()) problem = text;
    }
};

base::Checked<StateSums> sum_state(const store::KvReader& kv, const store::Jmt& tree) {
    StateSums sums;
    const auto scanned = kv.scan(Family::flat, {}, [&](base::ByteView key, base::ByteView value) {
        sums.add(tree, key, value);
        return sums.problem.empty();
    });
    if (!scanned) return unreadable(scanned.error(), "state");
    if (!sums.problem.empty()) return disagree(sums.problem);
    std::sort(sums.leaves.begin(), sums.leaves.end(),
              [](const auto& a, const auto& b) { return a.key_hash < b.key_hash; });
    return sums;
}

base::Checked<void> check_supplies(const StateSums& sums) {
    for (const auto& [id, supply] : sums.supplies) {
        const auto at = sums.balances.find(id);
        const auto held = at == sums.balances.end() ? Amount{0} : at->second;
        if (held != supply) {
            return disagree(fmt::format("asset {}: its supply is {} but all balances together are {}",
                                        base::to_hex(id.bytes), base::to_string(supply), base::to_string(held)));
        }
    }
    for (const auto& [id, held] : sums.balances) {
        if (!sums.supplies.contains(id)) {
            return disagree(
                fmt::format("somebody holds {} of an unknown asset {}", base::to_string(held), base::to_hex(id.bytes)));
        }
    }
    return {};
}

base::Checked<void> check_block_content(const ChainView& view, const StoredBlock& block) {
    const auto height = block.header.height;
    std::vector<base::ByteView> raw_txs{block.raw_txs.begin(), block.raw_txs.end()};
    if (tx_root(raw_txs) != block.header.tx_root) return disagree(fmt::format("block {}: tx_root", height));
    std::vector<base::Bytes> raw_receipts;
    std::uint64_t gas_used = 0;
    for (const auto& receipt : block.receipts) {
        raw_receipts.push_back(encode(receipt));
        gas_used += receipt.gas_used;
    }
    const std::vector<base::ByteView> receipt_views{raw_receipts.begin(), raw_receipts.end()};
    if (receipts_root(receipt_views) != block.header.receipts_root) {
        return disagree(fmt::format("block {}: receipts_root", height));
    }
    for (const auto& contract : records::emitters(block.receipts)) {
        for (const auto& indexed : {std::optional{contract}, std::optional<Address>{}}) {
            const auto heights = view.event_heights(indexed, height, 1);
            if (!heights) return unreadable(heights.error(), fmt::format("block {}, index of events", height));
            if (heights->empty() || heights->front() != height) {
                return disagree(fmt::format("block {}: events are not indexed", height));
            }
        }
    }
    if (gas_used != block.header.gas_used) return disagree(fmt::format("block {}: gas_used", height));
    for (std::uint32_t i = 0; i < block.raw_txs.size(); ++i) {
        const auto decoded = decode_signed_tx(block.raw_txs[i]);
        if (!decoded) return unreadable(decoded.error(), fmt::format("block {}, transaction {}", height, i));
        const auto indexed = view.tx(tx_id(decoded->tx));
        if (!indexed) return unreadable(indexed.error(), fmt::format("block {}, index of transaction {}", height, i));
        if (!*indexed || (*indexed)->height != height || (*indexed)->index != i) {
            return disagree(fmt::format("block {}: transaction {} is not found under its id", height, i));
        }
    }
    return {};
}

}  // namespace

base::Checked<VerifyReport> ChainState::verify() const {
    const auto snapshot = impl_->kv->snapshot();
    const auto chain_view = view();
    const auto& head = chain_view->head();
    VerifyReport report{.blocks = 0, .keys = 0, .txs = 0, .state_root = head.header.state_root};

    GC_TRY(const auto sums, sum_state(*snapshot, impl_->tree));
    report.keys = sums.leaves.size();
    if (const auto root = impl_->tree.root_of(sums.leaves); root != head.header.state_root) {
        return disagree(fmt::format("the state has root {} but block {} says {}", base::to_hex(root),
                                    head.header.height, base::to_hex(head.header.state_root)));
    }
    KvNodeReader nodes{*snapshot};
    const auto tree_root = impl_->tree.root(nodes, head.header.height);
    if (!tree_root) return unreadable(tree_root.error(), "state tree");
    if (*tree_root != head.header.state_root) return disagree("the stored tree has another root than the head block");
    GC_CHECK(check_supplies(sums));

    auto parent = impl_->binding.genesis_hash;
    for (std::uint64_t height = 0; height <= head.header.height; ++height) {
        const auto block = chain_view->block(height);
        if (!block) return unreadable(block.error(), fmt::format("block {}", height));
        if (block->header.height != height)
            return disagree(fmt::format("block {} says it is block {}", height, block->header.height));
        if (block->header.parent != parent)
            return disagree(fmt::format("block {} does not follow block {}", height, height - 1));
        GC_CHECK(check_block_content(*chain_view, *block));
        const auto indexed = chain_view->height_of(block->hash);
        if (!indexed) return unreadable(indexed.error(), fmt::format("index of block {}", height));
        if (*indexed != height) return disagree(fmt::format("block {} is not found under its hash", height));
        parent = block->hash;
        ++report.blocks;
        report.txs += block->raw_txs.size();
    }
    if (parent != head.hash) return disagree("the last block is not the head");
    return report;
}

}  // namespace ledger
