#include "ledger/state.hpp"

#include <algorithm>
#include <variant>

#include "base/bcs.hpp"
#include "genesis_state.hpp"

namespace ledger {
namespace {

std::string key_of(std::string_view prefix, base::ByteView first, base::ByteView second = {}) {
    std::string key;
    key.reserve(prefix.size() + first.size() + second.size());
    key += prefix;
    key += base::as_text(first);
    key += base::as_text(second);
    return key;
}

/// A stored record that does not decode is damage, not bad input.
template <typename T>
base::Result<T> stored(base::BcsReader& in, T value) {
    if (!in.finish()) return base::fail(Errc::corrupt_chain, "state record");
    return value;
}

}  // namespace

std::string account_key(const Address& address) { return key_of("a/", address.bytes); }
std::string balance_key(const Address& address, const AssetId& asset) {
    return key_of("b/", address.bytes, asset.bytes);
}
std::string balance_prefix(const Address& address) { return key_of("b/", address.bytes); }
std::string asset_key(const AssetId& asset) { return key_of("s/", asset.bytes); }
std::string params_key() { return "p/params"; }
std::string contract_key(const Address& contract) { return key_of("c/", contract.bytes); }
std::string slot_prefix(const Address& contract) { return contract_key(contract) + '/'; }
std::string slot_key(const Address& contract, base::ByteView key) {
    auto out = slot_prefix(contract);
    out += base::as_text(key);
    return out;
}
std::string code_info_key(const Hash& code_hash) { return key_of("w/", code_hash); }
std::string code_key(const Hash& code_hash) { return code_info_key(code_hash) + "/code"; }

base::Bytes encode(const Account& account) {
    base::BcsWriter out;
    out.u64(account.nonce);
    return std::move(out).take();
}

base::Bytes encode(const Asset& asset) {
    base::BcsWriter out;
    out.string(asset.symbol);
    out.u8(asset.decimals);
    out.boolean(asset.mintable);
    out.fixed(asset.owner.bytes);
    out.u128(asset.supply);
    return std::move(out).take();
}

base::Bytes encode(const Params& params) {
    base::BcsWriter out;
    out.u64(params.block_gas_limit);
    out.u32(params.elasticity);
    out.u32(params.base_fee_denominator);
    out.u128(params.base_fee_floor);
    out.u128(params.base_fee_initial);
    out.u64(params.contract_upgrade_delay_ms);
    if (params.rules_version > kRulesFirst) {
        out.u32(params.rules_version);
        out.u32(params.tx_gas_divisor);
    }
    return std::move(out).take();
}

base::Bytes encode(const Contract& contract) {
    base::BcsWriter out;
    out.fixed(contract.code_hash);
    out.fixed(contract.owner.bytes);
    out.boolean(contract.upgrade.has_value());
    if (contract.upgrade) {
        out.fixed(contract.upgrade->code_hash);
        out.u64(contract.upgrade->ready_ms);
    }
    return std::move(out).take();
}

base::Bytes encode(const CodeInfo& info) {
    base::BcsWriter out;
    out.u32(info.code_bytes);
    out.u64(info.load_gas);
    out.u64(info.instance_gas);
    out.fixed(info.abi_hash);
    return std::move(out).take();
}

base::Bytes encode_amount(Amount amount) {
    base::Bytes out(sizeof amount);
    base::store_le(out.data(), amount);
    return out;
}

base::Result<Account> decode_account(base::ByteView bytes) {
    base::BcsReader in{bytes};
    Account account;
    account.nonce = in.u64();
    return stored(in, account);
}

base::Result<Asset> decode_asset(base::ByteView bytes) {
    base::BcsReader in{bytes};
    Asset asset;
    asset.symbol = in.string(kSymbolBytesMax);
    asset.decimals = in.u8();
    asset.mintable = in.boolean();
    asset.owner = Address{in.fixed<32>()};
    asset.supply = in.u128();
    return stored(in, std::move(asset));
}

base::Result<Params> decode_params(base::ByteView bytes) {
    base::BcsReader in{bytes};
    Params params;
    params.block_gas_limit = in.u64();
    params.elasticity = in.u32();
    params.base_fee_denominator = in.u32();
    params.base_fee_floor = in.u128();
    params.base_fee_initial = in.u128();
    params.contract_upgrade_delay_ms = in.u64();
    params.rules_version = kRulesFirst;
    if (!in.rest().empty()) {
        params.rules_version = in.u32();
        params.tx_gas_divisor = in.u32();
        if (params.rules_version == kRulesFirst || params.tx_gas_divisor == 0) in.reject(Errc::corrupt_chain, "params");
    }
    if (params.elasticity == 0 || params.base_fee_denominator == 0) in.reject(Errc::corrupt_chain, "params");
    if (!find_rules(params.rules_version)) in.reject(Errc::corrupt_chain, "rules of another version");
    return stored(in, params);
}

base::Result<Contract> decode_contract(base::ByteView bytes) {
    base::BcsReader in{bytes};
    Contract contract;
    contract.code_hash = in.fixed<32>();
    contract.owner = Address{in.fixed<32>()};
    if (in.boolean()) {
        const auto code_hash = in.fixed<32>();
        contract.upgrade = Contract::Upgrade{.code_hash = code_hash, .ready_ms = in.u64()};
    }
    return stored(in, contract);
}

base::Result<CodeInfo> decode_code_info(base::ByteView bytes) {
    base::BcsReader in{bytes};
    CodeInfo info;
    info.code_bytes = in.u32();
    info.load_gas = in.u64();
    info.instance_gas = in.u64();
    info.abi_hash = in.fixed<32>();
    return stored(in, info);
}

base::Result<Amount> decode_amount(base::ByteView bytes) {
    base::BcsReader in{bytes};
    const auto amount = in.u128();
    return stored(in, amount);
}

namespace {

template <typename T>
struct Slot {
    T value{};
    T original{};
    [[nodiscard]] bool changed() const { return !(value == original); }
};

struct BalanceId {
    Address address;
    AssetId asset;
    friend bool operator==(const BalanceId&, const BalanceId&) = default;
};

// How a value looks as a record; nothing when the value means "no record".
std::optional<base::Bytes> record_of(const Account& account) {
    return account == Account{} ? std::nullopt : std::optional{encode(account)};
}
std::optional<base::Bytes> record_of(const Amount& amount) {
    return amount == 0 ? std::nullopt : std::optional{encode_amount(amount)};
}
std::optional<base::Bytes> record_of(const std::optional<Asset>& asset) {
    return asset ? std::optional{encode(*asset)} : std::nullopt;
}
std::optional<base::Bytes> record_of(const std::optional<Params>& params) {
    return params ? std::optional{encode(*params)} : std::nullopt;
}

}  // namespace

struct Overlay::Impl {
    using AccountSlot = Slot<Account>;
    using BalanceSlot = Slot<Amount>;
    using AssetSlot = Slot<std::optional<Asset>>;
    using ParamsSlot = Slot<std::optional<Params>>;
    using RecordSlot = Slot<std::optional<base::Bytes>>;

    template <typename S, typename V>
    struct Undo {
        S* slot;  // Slots do not move: the map keeps its nodes.
        V before;
    };
    using Entry =
        std::variant<Undo<AccountSlot, Account>, Undo<BalanceSlot, Amount>, Undo<AssetSlot, std::optional<Asset>>,
                     Undo<ParamsSlot, std::optional<Params>>, Undo<RecordSlot, std::optional<base::Bytes>>>;

    explicit Impl(const StateReader& base) noexcept : reader{base} {}

    base::Result<AccountSlot*> account(const Address& address) {
        if (const auto at = accounts.find(address); at != accounts.end()) return &at->second;
        GC_TRY(const auto bytes, reader.read(account_key(address)));
        Account value;
        if (bytes) {
            GC_TRY(value, decode_account(*bytes));
        }
        return &accounts.emplace(address, AccountSlot{value, value}).first->second;
    }
    base::Result<BalanceSlot*> balance(const BalanceId& id) {
        if (const auto at = balances.find(id); at != balances.end()) return &at->second;
        GC_TRY(const auto bytes, reader.read(balance_key(id.address, id.asset)));
        Amount value = 0;
        if (bytes) {
            GC_TRY(value, decode_amount(*bytes));
        }
        return &balances.emplace(id, BalanceSlot{value, value}).first->second;
    }
    base::Result<AssetSlot*> asset(const AssetId& id) {
        if (const auto at = assets.find(id); at != assets.end()) return &at->second;
        GC_TRY(const auto bytes, reader.read(asset_key(id)));
        std::optional<Asset> value;
        if (bytes) {
            GC_TRY(value, decode_asset(*bytes));
        }
        return &assets.emplace(id, AssetSlot{value, value}).first->second;
    }
    base::Result<ParamsSlot*> params() {
        if (params_loaded) return &params_slot;
        GC_TRY(const auto bytes, reader.read(params_key()));
        if (bytes) {
            GC_TRY(params_slot.original, decode_params(*bytes));
            params_slot.value = params_slot.original;
        }
        params_loaded = true;
        return &params_slot;
    }
    base::Result<RecordSlot*> record(const std::string& key) {
        if (const auto at = records.find(key); at != records.end()) return &at->second;
        GC_TRY(auto value, reader.read(key));
        auto original = value;
        return &records.emplace(key, RecordSlot{std::move(value), std::move(original)}).first->second;
    }
    template <typename S, typename V>
    void set(S* slot, V value) {
        journal.push_back(Undo<S, decltype(slot->value)>{slot, std::move(slot->value)});
        slot->value = std::move(value);
    }

    const StateReader& reader;
    base::HashMap<Address, AccountSlot> accounts;
    base::HashMap<BalanceId, BalanceSlot> balances;
    base::HashMap<AssetId, AssetSlot> assets;
    ParamsSlot params_slot;
    bool params_loaded = false;
    base::HashMap<std::string, RecordSlot> records;
    std::vector<Entry> journal;
};

Overlay::Overlay(const StateReader& base) noexcept : impl_{std::make_unique<Impl>(base)} {}
Overlay::~Overlay() = default;

base::Result<Account> Overlay::account(const Address& address) {
    GC_TRY(const auto* slot, impl_->account(address));
    return slot->value;
}
base::Result<Amount> Overlay::balance(const Address& address, const AssetId& asset) {
    GC_TRY(const auto* slot, impl_->balance({address, asset}));
    return slot->value;
}
base::Result<std::optional<Asset>> Overlay::asset(const AssetId& id) {
    GC_TRY(const auto* slot, impl_->asset(id));
    return slot->value;
}
base::Result<Params> Overlay::params() {
    GC_TRY(const auto* slot, impl_->params());
    if (!slot->value) return base::fail(Errc::corrupt_chain, "no parameters");
    return *slot->value;
}

base::Result<void> Overlay::set_account(const Address& address, const Account& account) {
    GC_TRY(auto* slot, impl_->account(address));
    impl_->set(slot, account);
    return {};
}
base::Result<void> Overlay::set_balance(const Address& address, const AssetId& asset, Amount amount) {
    GC_TRY(auto* slot, impl_->balance({address, asset}));
    impl_->set(slot, amount);
    return {};
}
base::Result<void> Overlay::set_asset(const AssetId& id, const Asset& asset) {
    GC_TRY(auto* slot, impl_->asset(id));
    impl_->set(slot, std::optional{asset});
    return {};
}
base::Result<void> Overlay::set_params(const Params& params) {
    GC_TRY(auto* slot, impl_->params());
    impl_->set(slot, std::optional{params});
    return {};
}

base::Result<const std::optional<base::Bytes>*> Overlay::record(const std::string& key) {
    GC_TRY(const auto* slot, impl_->record(key));
    return &slot->value;
}
base::Result<std::optional<base::Bytes>> Overlay::read_once(const std::string& key) const {
    if (const auto at = impl_->records.find(key); at != impl_->records.end()) return at->second.value;
    return impl_->reader.read(key);
}
base::Result<std::optional<Contract>> Overlay::contract(const Address& address) {
    GC_TRY(const auto* slot, impl_->record(contract_key(address)));
    if (!slot->value) return std::nullopt;
    GC_TRY(const auto contract, decode_contract(*slot->value));
    return contract;
}
base::Result<std::optional<CodeInfo>> Overlay::code_info(const Hash& code_hash) {
    GC_TRY(const auto* slot, impl_->record(code_info_key(code_hash)));
    if (!slot->value) return std::nullopt;
    GC_TRY(const auto info, decode_code_info(*slot->value));
    return info;
}
base::Result<void> Overlay::set_contract(const Address& address, const Contract& contract) {
    return set_record(contract_key(address), encode(contract));
}
base::Result<void> Overlay::set_record(const std::string& key, std::optional<base::Bytes> value) {
    GC_TRY(auto* slot, impl_->record(key));
    impl_->set(slot, std::move(value));
    return {};
}

std::vector<std::string> Overlay::keys() const {
    std::vector<std::string> out;
    for (const auto& [address, slot] : impl_->accounts) out.push_back(account_key(address));
    for (const auto& [id, slot] : impl_->balances) out.push_back(balance_key(id.address, id.asset));
    for (const auto& [id, slot] : impl_->assets) out.push_back(asset_key(id));
    for (const auto& [key, slot] : impl_->records) out.push_back(key);
    if (impl_->params_loaded) out.push_back(params_key());
    std::sort(out.begin(), out.end());
    return out;
}

std::size_t Overlay::mark() const noexcept { return impl_->journal.size(); }

void Overlay::rollback(std::size_t mark) noexcept {
    auto& journal = impl_->journal;
    while (journal.size() > mark) {
        std::visit([](auto& undo) { undo.slot->value = std::move(undo.before); }, journal.back());
        journal.pop_back();
    }
}

std::vector<Address> Overlay::changed_addresses() const {
    std::vector<Address> out;
    for (const auto& [address, slot] : impl_->accounts) {
        if (slot.changed()) out.push_back(address);
    }
    for (const auto& [id, slot] : impl_->balances) {
        if (id.asset == kGcc && slot.changed()) out.push_back(id.address);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

StateWrites Overlay::writes() const {
    StateWrites out;
    out.reserve(impl_->accounts.size() + impl_->balances.size() + impl_->assets.size() + impl_->records.size() + 1);
    const auto add = [&out](std::string key, const auto& slot) {
        out.emplace(std::move(key), StateChange{record_of(slot.original), record_of(slot.value)});
    };
    for (const auto& [address, slot] : impl_->accounts) {
        if (slot.changed()) add(account_key(address), slot);
    }
    for (const auto& [id, slot] : impl_->balances) {
        if (slot.changed()) add(balance_key(id.address, id.asset), slot);
    }
    for (const auto& [id, slot] : impl_->assets) {
        if (slot.changed()) add(asset_key(id), slot);
    }
    for (const auto& [key, slot] : impl_->records) {
        if (slot.changed()) out.emplace(key, StateChange{slot.original, slot.value});
    }
    if (impl_->params_slot.changed()) add(params_key(), impl_->params_slot);
    return out;
}

base::Result<void> for_each_initial_record(const Genesis& genesis, const RecordSink& sink) {
    for (const auto& allocation : genesis.allocations) {
        GC_CHECK(sink(balance_key(allocation.address, kGcc), encode_amount(allocation.amount)));
    }
    GC_CHECK(sink(asset_key(kGcc), encode(Asset{.symbol = std::string{kGccSymbol},
                                                .decimals = kGccDecimals,
                                                .mintable = false,
                                                .owner = {},
                                                .supply = total_supply(genesis)})));
    return sink(params_key(), encode(genesis.params));
}

StateWrites initial_state(const Genesis& genesis) {
    StateWrites out;
    out.reserve(genesis.allocations.size() + 2);
    static_cast<void>(for_each_initial_record(genesis, [&out](std::string_view key, base::ByteView value) {
        out.emplace(key, StateChange{std::nullopt, base::to_bytes(value)});
        return base::Result<void>{};
    }));
    return out;
}

}  // namespace ledger
