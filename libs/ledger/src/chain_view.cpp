#include "chain_view.hpp"

#include "chain_readers.hpp"
#include "chain_records.hpp"

namespace ledger {
namespace {

using store::Family;

class View final : public ChainView {
 public:
    View(std::shared_ptr<const store::KvReader> kv, std::shared_ptr<const Head> head, std::uint64_t oldest)
        : kv_{std::move(kv)}, head_{std::move(head)}, oldest_{oldest} {}

    [[nodiscard]] const Head& head() const noexcept override { return *head_; }

    [[nodiscard]] base::Result<Account> account(const Address& address) const override {
        GC_TRY(const auto bytes, state(account_key(address)));
        if (!bytes) return Account{};
        return decode_account(*bytes);
    }

    [[nodiscard]] base::Result<Amount> balance(const Address& address, const AssetId& asset_id) const override {
        GC_TRY(const auto bytes, state(balance_key(address, asset_id)));
        if (!bytes) return Amount{0};
        return decode_amount(*bytes);
    }

    [[nodiscard]] base::Result<std::vector<AssetBalance>> balances(const Address& address,
                                                                   std::size_t limit) const override {
        std::vector<AssetBalance> out;
        base::Result<void> problem;
        const auto prefix = balance_prefix(address);
        GC_CHECK(kv_->scan(Family::flat, {.prefix = base::as_bytes(prefix), .limit = limit},
                           [&](base::ByteView key, base::ByteView value) {
                               const auto id = base::to_fixed<32>(key.subspan(prefix.size()));
                               const auto amount = decode_amount(value);
                               if (!id || !amount) {
                                   problem = base::fail(Errc::corrupt_chain, "balance record");
                                   return false;
                               }
                               out.push_back({.id = AssetId{*id}, .asset = {}, .amount = *amount});
                               return true;
                           }));
        GC_CHECK(problem);
        for (auto& entry : out) {
            GC_TRY(auto record, asset(entry.id));
            if (!record) return base::fail(Errc::corrupt_chain, "balance of an unknown asset");
            entry.asset = std::move(*record);
        }
        return out;
    }

    [[nodiscard]] base::Result<std::optional<Asset>> asset(const AssetId& id) const override {
        GC_TRY(const auto bytes, state(asset_key(id)));
        if (!bytes) return std::nullopt;
        GC_TRY(auto record, decode_asset(*bytes));
        return record;
    }

    [[nodiscard]] base::Result<Amount> supply(const AssetId& id) const override {
        GC_TRY(const auto record, asset(id));
        return record ? record->supply : Amount{0};
    }

    [[nodiscard]] base::Result<std::optional<base::Bytes>> state(std::string_view key) const override {
        return kv_->get(Family::flat, base::as_bytes(key));
    }

    [[nodiscard]] base::Result<StateProof> prove(std::string_view key, std::uint64_t height) const override {
        if (height > head_->header.height) return base::fail(Errc::unknown_height, "proof");
        if (height < oldest_) return base::fail(Errc::history_pruned, "proof");
        const store::Jmt tree{state_hash_fn()};
        KvNodeReader nodes{*kv_};
        GC_TRY(auto found, tree.prove(nodes, height, base::as_bytes(key)));
        StateProof out{.value = std::nullopt, .proof = std::move(found.proof), .header = {}};
        GC_TRY(out.header, header(height));
        GC_TRY(out.value, value_at(key, tree.hash_bytes(base::as_bytes(key)), height));
        const bool agrees = out.value ? found.value_hash == tree.hash_bytes(*out.value) : !found.value_hash;
        if (!agrees) return base::fail(Errc::corrupt_chain, "flat state and tree disagree");
        return out;
    }

    [[nodiscard]] base::Result<BlockHeader> header(std::uint64_t height) const override {
        GC_TRY(const auto bytes, raw_header(height));
        return decode_header(bytes);
    }

    [[nodiscard]] base::Result<StoredBlock> block(std::uint64_t height) const override {
        StoredBlock out;
        GC_TRY(out.raw_header, raw_header(height));
        GC_TRY(out.header, decode_header(out.raw_header));
        out.hash = block_hash(out.header);
        base::Result<void> problem;
        const auto prefix = records::tx_prefix(height);
        GC_CHECK(kv_->scan(Family::blocks, {.prefix = prefix}, [&](base::ByteView, base::ByteView value) {
            auto record = records::decode_tx_record(value);
            if (!record) {
                problem = std::unexpected{record.error()};
                return false;
            }
            auto receipt = decode_receipt(record->receipt);
            if (!receipt) {
                problem = std::unexpected{receipt.error()};
                return false;
            }
            out.raw_txs.push_back(std::move(record->raw));
            out.receipts.push_back(std::move(*receipt));
            return true;
        }));
        GC_CHECK(problem);
        return out;
    }

    [[nodiscard]] base::Result<std::optional<std::uint64_t>> height_of(const Hash& hash) const override {
        GC_TRY(const auto bytes, kv_->get(Family::txidx, records::block_hash_key(hash)));
        if (!bytes) return std::nullopt;
        GC_TRY(const auto height, records::decode_number(*bytes));
        return height;
    }

    [[nodiscard]] base::Result<base::Bytes> certificate(std::uint64_t height) const override {
        if (height > head_->header.height) return base::fail(Errc::unknown_height, "certificate");
        GC_TRY(auto bytes, kv_->get(Family::certs, records::number_key(height)));
        return bytes ? std::move(*bytes) : base::Bytes{};
    }

    [[nodiscard]] base::Result<std::optional<StoredTx>> tx(const Hash& tx_id) const override {
        GC_TRY(const auto bytes, kv_->get(Family::txidx, records::tx_id_key(tx_id)));
        if (!bytes) return std::nullopt;
        GC_TRY(const auto place, records::decode_place(*bytes));
        GC_TRY(const auto stored, kv_->get(Family::blocks, records::tx_key(place.height, place.index)));
        if (!stored) return base::fail(Errc::corrupt_chain, "indexed transaction is missing");
        GC_TRY(auto record, records::decode_tx_record(*stored));
        StoredTx out{
            .height = place.height, .index = place.index, .block_hash = {}, .tx = {}, .raw = {}, .receipt = {}};
        GC_TRY(out.tx, decode_signed_tx(record.raw));
        GC_TRY(out.receipt, decode_receipt(record.receipt));
        GC_TRY(const auto block_header, header(place.height));
        out.block_hash = block_hash(block_header);
        out.raw = std::move(record.raw);
        return out;
    }

    [[nodiscard]] base::Result<std::vector<HistoryEntry>> history(const Address& address,
                                                                  std::optional<HistoryEntry> before,
                                                                  std::size_t limit) const override {
        std::vector<HistoryEntry> out;
        if (limit == 0) return out;
        const auto prefix = records::address_prefix(address);
        base::Bytes from;
        if (before) from = records::address_key(address, before->height, before->index);
        base::Result<void> problem;
        GC_CHECK(kv_->scan(Family::txidx, {.prefix = prefix, .from = from, .reverse = true},
                           [&](base::ByteView key, base::ByteView value) {
                               if (before && base::equal(key, from)) return true;  // Strictly before.
                               const auto place = records::place_of_address_key(key);
                               const auto id = base::to_fixed<32>(value);
                               if (!place || !id) {
                                   problem = base::fail(Errc::corrupt_chain, "address index");
                                   return false;
                               }
                               out.push_back({.height = place->height, .index = place->index, .tx_id = *id});
                               return out.size() < limit;
                           }));
        GC_CHECK(problem);
        return out;
    }

    [[nodiscard]] base::Result<std::vector<std::uint64_t>> event_heights(const std::optional<Address>& contract,
                                                                         std::uint64_t from,
                                                                         std::size_t limit) const override {
        std::vector<std::uint64_t> out;
        if (limit == 0) return out;
        base::Result<void> problem;
        const auto first = records::events_key(contract, from);
        GC_CHECK(kv_->scan(Family::txidx, {.prefix = records::events_prefix(contract), .from = first, .limit = limit},
                           [&](base::ByteView key, base::ByteView) {
                               const auto height = records::height_of_events_key(key);
                               if (!height) {
                                   problem = std::unexpected{height.error()};
                                   return false;
                               }
                               out.push_back(*height);
                               return true;
                           }));
        GC_CHECK(problem);
        return out;
    }

 private:
    base::Result<base::Bytes> raw_header(std::uint64_t height) const {
        GC_TRY(auto bytes, kv_->get(Family::blocks, records::header_key(height)));
        if (!bytes) {
            return height > head_->header.height ? base::fail(Errc::unknown_height, "block")
                                                 : base::fail(Errc::corrupt_chain, "block is missing");
        }
        return std::move(*bytes);
    }

    /// The value under a key at a height inside the window: what the first later change found, else what is there now.
    base::Result<std::optional<base::Bytes>> value_at(std::string_view key, const base::Digest& key_hash,
                                                      std::uint64_t height) const {
        if (height < head_->header.height) {
            std::optional<base::Result<std::optional<base::Bytes>>> former;
            const auto from = records::hist_key(key_hash, height + 1);
            GC_CHECK(kv_->scan(Family::hist, {.prefix = key_hash, .from = from, .limit = 1},
                               [&](base::ByteView, base::ByteView value) {
                                   former = records::decode_hist(value);
                                   return false;
                               }));
            if (former) return *former;
        }
        return state(key);
    }

    std::shared_ptr<const store::KvReader> kv_;
    std::shared_ptr<const Head> head_;
    std::uint64_t oldest_;
};

}  // namespace

std::shared_ptr<const ChainView> make_chain_view(std::shared_ptr<const store::KvReader> kv,
                                                 std::shared_ptr<const Head> head, std::uint64_t oldest) {
    return std::make_shared<View>(std::move(kv), std::move(head), oldest);
}

}  // namespace ledger
