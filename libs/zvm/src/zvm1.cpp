// The guest's side of `zvm1`. Every function charges first, then checks its pointers (64-bit sums cannot wrap), then
// lets the host compute, then copies. A pointer out of memory traps; so does a length beyond its bound.
#include <algorithm>
#include <cstring>

#include "zvm/contract_host.hpp"
#include "zvm/gas.hpp"
#include "zvm/instance.hpp"

namespace zvm {
namespace {

namespace price = gas::host;

constexpr auto kAbsent = static_cast<Slot>(0xffff'ffffu);

/// One call: what went wrong first sticks, and everything after it gives empty values.
class Guest {
 public:
    explicit Guest(HostCall& call) noexcept : call_{call}, memory_{call.instance.memory()} {}

    ContractHost& host() const noexcept { return *static_cast<ContractHost*>(call_.context); }
    [[nodiscard]] const price::StatePrices& prices() const noexcept { return host().prices(); }
    [[nodiscard]] bool ok() const noexcept { return trap_ == Trap::none; }
    [[nodiscard]] Trap trap() const noexcept { return trap_; }
    void fail(Trap trap) noexcept {
        if (ok()) trap_ = trap;
    }
    Guest& pay(const gas::HostPrice& cost, std::uint64_t bytes = 0) noexcept {
        if (ok() && !call_.charge(cost.of(bytes))) fail(Trap::out_of_gas);
        return *this;
    }
    Guest& bound(std::uint64_t value, std::uint64_t max) noexcept {
        if (value > max) fail(Trap::host_refused);
        return *this;
    }
    [[nodiscard]] std::uint32_t u32(std::size_t i) const noexcept { return call_.u32(i); }
    /// Arguments i (pointer) and i + 1 (length).
    base::ByteView bytes(std::size_t i) noexcept { return view(u32(i), u32(i + 1)); }
    template <std::size_t N>
    base::FixedBytes<N> fixed(std::size_t i) noexcept {
        base::FixedBytes<N> out{};
        const auto from = view(u32(i), N);
        if (ok()) std::memcpy(out.data(), from.data(), N);
        return out;
    }
    base::u128 u128(std::size_t i) noexcept {
        const auto raw = fixed<16>(i);
        return base::u128{base::load_le<std::uint64_t>(raw.data() + 8)} << 64 |
               base::u128{base::load_le<std::uint64_t>(raw.data())};
    }
    /// Checks an output before anything is computed.
    Guest& output(std::size_t i, std::uint64_t size) noexcept {
        if (ok() && (!memory_ || !memory_->in_bounds(u32(i), size))) fail(Trap::memory_bounds);
        return *this;
    }
    void put(std::size_t i, base::ByteView data) noexcept {
        if (!ok() || data.empty()) return;
        if (auto* const to = memory_ ? memory_->writable(u32(i), data.size()) : nullptr) {
            std::memcpy(to, data.data(), data.size());
        } else {
            fail(Trap::memory_bounds);
        }
    }
    void put(std::size_t i, base::u128 value) noexcept {
        base::FixedBytes<16> raw;
        base::store_le(raw.data(), static_cast<std::uint64_t>(value));
        base::store_le(raw.data() + 8, static_cast<std::uint64_t>(value >> 64));
        put(i, raw);
    }
    /// The getter convention: as much as fits into (i, i + 1), and the full length as the result.
    Trap answer(std::size_t i, std::optional<base::ByteView> data) noexcept {
        if (!ok()) return trap_;
        if (!data) return result(kAbsent);
        put(i, data->first(std::min<std::size_t>(data->size(), u32(i + 1))));
        return result(data->size());
    }
    Trap result(std::uint64_t value) noexcept {
        if (ok()) call_.slots[0] = value;
        return trap_;
    }
    Trap done(bool allowed = true) noexcept {
        if (!allowed) fail(Trap::host_refused);
        return trap_;
    }
    /// What a callee may get of what is left.
    [[nodiscard]] std::uint64_t forwardable(std::uint64_t wanted) const noexcept {
        const auto left = static_cast<std::uint64_t>(call_.gas);
        return std::min(wanted, left - left / 64);
    }
    /// A payment to whom has nothing of the asset adds a balance to the state.
    Guest& pay_for_balance(const Address& to, const AssetId& asset, base::u128 amount) noexcept {
        const auto growth = prices().balance_new;
        if (ok() && growth > 0 && amount > 0 && host().balance(to, asset) == 0) pay({0, growth, 1}, 1);
        return *this;
    }
    void settle(const CallOutcome& outcome, std::uint64_t forwarded) noexcept {
        if (!call_.charge(std::min(outcome.gas_used, forwarded))) fail(Trap::out_of_gas);
    }
    [[nodiscard]] std::uint64_t gas_left() const noexcept { return static_cast<std::uint64_t>(call_.gas); }

 private:
    base::ByteView view(std::uint32_t at, std::uint64_t length) noexcept {
        if (!ok()) return {};
        const auto* const from = memory_ ? memory_->view(at, length) : nullptr;
        if (!from) {
            fail(Trap::memory_bounds);
            return {};
        }
        return {reinterpret_cast<const std::byte*>(from), static_cast<std::size_t>(length)};
    }

    HostCall& call_;
    Memory* memory_;
    Trap trap_ = Trap::none;
};

Trap input_len(HostCall& call) noexcept {
    Guest g{call};
    if (!g.pay(price::kCopy).ok()) return g.trap();
    return g.result(g.host().input().size());
}
/// input_read(dst, off, len) -> copied
Trap input_read(HostCall& call) noexcept {
    Guest g{call};
    if (!g.pay(price::kCopy, g.u32(2)).output(0, g.u32(2)).ok()) return g.trap();
    const auto input = g.host().input();
    const auto from = std::min<std::size_t>(g.u32(1), input.size());
    const auto count = std::min<std::size_t>(g.u32(2), input.size() - from);
    g.put(0, input.subspan(from, count));
    return g.result(count);
}
Trap ret(HostCall& call) noexcept {
    Guest g{call};
    const auto data = g.pay(price::kCopy, g.u32(1)).bound(g.u32(1), kReturnMax).bytes(0);
    if (g.ok()) g.host().set_return(data);
    return g.trap();
}
Trap revert(HostCall& call) noexcept {
    Guest g{call};
    const auto data = g.pay(price::kCopy, g.u32(1)).bound(g.u32(1), kReturnMax).bytes(0);
    if (!g.ok()) return g.trap();
    g.host().set_revert(data);
    return Trap::reverted;
}
/// storage_get(k, kl, out, cap) -> length or -1. A large value costs its reading even if only a part of it is wanted.
Trap storage_get(HostCall& call) noexcept {
    Guest g{call};
    const auto key = g.pay(g.prices().storage_get, g.u32(1)).bound(g.u32(1), kStorageKeyMax).bytes(0);
    if (!g.output(2, g.u32(3)).ok()) return g.trap();
    const auto value = g.host().storage_get(key);
    g.pay({0, price::kReadByte, 1}, value ? value->size() : 0);
    return g.answer(2, value);
}
Trap storage_set(HostCall& call) noexcept {
    Guest g{call};
    g.pay(g.prices().storage_set, std::uint64_t{g.u32(1)} + g.u32(3));
    const auto key = g.bound(g.u32(1), kStorageKeyMax).bytes(0);
    const auto value = g.bound(g.u32(3), kStorageValueMax).bytes(2);
    if (!g.ok()) return g.trap();
    const auto before = g.host().slot_bytes(key);
    const auto had = before.value_or(0);
    const auto growth = before ? value.size() - std::min(value.size(), had) : key.size() + value.size();
    g.pay({before ? 0 : price::kRecordNew, price::kGrowthByte, 1}, growth);
    g.pay({0, price::kReadByte, 1}, had - std::min(had, value.size()));
    return g.ok() ? g.done(g.host().storage_set(key, value)) : g.trap();
}
Trap storage_del(HostCall& call) noexcept {
    Guest g{call};
    const auto key = g.pay(g.prices().storage_delete, g.u32(1)).bound(g.u32(1), kStorageKeyMax).bytes(0);
    if (!g.ok()) return g.trap();
    g.pay({0, price::kReadByte, 1}, g.host().slot_bytes(key).value_or(0));
    return g.ok() ? g.done(g.host().storage_delete(key)) : g.trap();
}
template <Address (ContractHost::*kGetter)() noexcept>
Trap address_of(HostCall& call) noexcept {
    Guest g{call};
    if (g.pay(price::kContext).output(0, 32).ok()) g.put(0, (g.host().*kGetter)());
    return g.trap();
}
Trap value(HostCall& call) noexcept {
    Guest g{call};
    if (g.pay(price::kContext).output(0, 16).ok()) g.put(0, g.host().value());
    return g.trap();
}
Trap block(HostCall& call) noexcept {
    Guest g{call};
    if (!g.pay(price::kContext).bound(g.u32(0), static_cast<std::uint32_t>(BlockField::chain_id)).ok()) return g.trap();
    return g.result(static_cast<std::uint64_t>(g.host().block(static_cast<BlockField>(g.u32(0)))));
}
Trap gas_left(HostCall& call) noexcept {
    Guest g{call};
    return g.pay(price::kContext).result(g.gas_left());
}
/// emit(topics, nt, data, n)
Trap emit(HostCall& call) noexcept {
    Guest g{call};
    const std::uint64_t topic_count = g.u32(1);
    g.pay(price::kEmit, g.u32(3)).pay({0, price::kEmitTopic, 1}, topic_count);
    g.bound(topic_count, kTopicsMax).bound(g.u32(3), kEventBytesMax);
    const auto data = g.bytes(2);
    if (!g.output(0, topic_count * 32).ok()) return g.trap();
    base::Digest topics[kTopicsMax];
    if (topic_count) std::memcpy(topics, call.instance.memory()->view(g.u32(0), topic_count * 32), topic_count * 32);
    return g.done(g.host().emit({topics, static_cast<std::size_t>(topic_count)}, data));
}
/// call(addr, val16, gas, in, n, flags) -> status
Trap call_contract(HostCall& call) noexcept {
    Guest g{call};
    g.pay(g.prices().call, g.u32(4)).bound(g.u32(4), kReturnMax);
    const auto target = g.fixed<32>(0);
    const auto amount = g.u128(1);
    const auto input = g.bytes(3);
    g.bound(g.u32(5), kAllowReentry).pay({amount > 0 ? g.prices().call_value : 0});
    if (!g.pay_for_balance(target, {}, amount).ok()) return g.trap();
    const auto forwarded = g.forwardable(call.u64(2));
    const auto outcome = g.host().call({target, amount, forwarded, input, g.u32(5)});
    g.settle(outcome, forwarded);
    return g.result(static_cast<std::uint32_t>(outcome.status));
}
Trap ret_len(HostCall& call) noexcept {
    Guest g{call};
    return g.pay(price::kCopy).ok() ? g.result(g.host().return_data().size()) : g.trap();
}
/// ret_copy(dst, off, len) -> copied
Trap ret_copy(HostCall& call) noexcept {
    Guest g{call};
    if (!g.pay(price::kCopy, g.u32(2)).output(0, g.u32(2)).ok()) return g.trap();
    const auto data = g.host().return_data();
    const auto from = std::min<std::size_t>(g.u32(1), data.size());
    const auto count = std::min<std::size_t>(g.u32(2), data.size() - from);
    g.put(0, data.subspan(from, count));
    return g.result(count);
}
/// transfer(addr, asset, amt16) -> status
Trap transfer(HostCall& call) noexcept {
    Guest g{call};
    const auto to = g.pay(g.prices().transfer).fixed<32>(0);
    const auto asset = g.fixed<32>(1);
    const auto amount = g.u128(2);
    if (!g.pay_for_balance(to, asset, amount).ok()) return g.trap();
    return g.result(static_cast<std::uint32_t>(g.host().transfer(to, asset, amount)));
}
/// balance(addr, asset, out16)
Trap balance(HostCall& call) noexcept {
    Guest g{call};
    const auto of = g.pay(g.prices().balance).fixed<32>(0);
    const auto asset = g.fixed<32>(1);
    if (g.output(2, 16).ok()) g.put(2, g.host().balance(of, asset));
    return g.trap();
}
/// create(hash, salt, in, n, out32) -> status
Trap create(HostCall& call) noexcept {
    Guest g{call};
    g.pay(g.prices().create, g.u32(3)).bound(g.u32(3), kReturnMax);
    const auto hash = g.fixed<32>(0);
    const auto salt = g.fixed<32>(1);
    const auto input = g.bytes(2);
    if (!g.output(4, 32).ok()) return g.trap();
    Address created{};
    const auto forwarded = g.forwardable(~std::uint64_t{0});
    const auto outcome = g.host().create({hash, salt, input, forwarded}, created);
    g.settle(outcome, forwarded);
    if (outcome.status == CallStatus::ok) g.put(4, created);
    return g.result(static_cast<std::uint32_t>(outcome.status));
}
Trap upgrade(HostCall& call) noexcept {
    Guest g{call};
    const auto hash = g.pay(g.prices().upgrade).fixed<32>(0);
    return g.ok() ? g.result(static_cast<std::uint32_t>(g.host().upgrade(hash))) : g.trap();
}
/// hash(p, n, out32)
template <base::Digest (ContractHost::*kHash)(base::ByteView) noexcept, const gas::HostPrice& kPrice>
Trap hash(HostCall& call) noexcept {
    Guest g{call};
    const auto data = g.pay(kPrice, g.u32(1)).bytes(0);
    if (g.output(2, 32).ok()) g.put(2, (g.host().*kHash)(data));
    return g.trap();
}
/// ed25519_verify(key32, sig64, p, n) -> 0 or 1
Trap ed25519_verify(HostCall& call) noexcept {
    Guest g{call};
    const auto key = g.pay(price::kEd25519Verify, g.u32(3)).fixed<32>(0);
    const auto signature = g.fixed<64>(1);
    const auto message = g.bytes(2);
    return g.ok() ? g.result(g.host().ed25519_verify(key, signature, message)) : g.trap();
}
/// secp256k1_verify(key33, sig64, digest32) -> 0 or 1
Trap secp256k1_verify(HostCall& call) noexcept {
    Guest g{call};
    const auto key = g.pay(price::kSecp256k1Verify).fixed<33>(0);
    const auto signature = g.fixed<64>(1);
    const auto digest = g.fixed<32>(2);
    return g.ok() ? g.result(g.host().secp256k1_verify(key, signature, digest)) : g.trap();
}
/// secp256k1_recover(sig65, digest32, out33) -> 0 or 1
Trap secp256k1_recover(HostCall& call) noexcept {
    Guest g{call};
    const auto signature = g.pay(price::kSecp256k1Recover).fixed<65>(0);
    const auto digest = g.fixed<32>(1);
    if (!g.output(2, 33).ok()) return g.trap();
    const auto key = g.host().secp256k1_recover(signature, digest);
    if (key) g.put(2, *key);
    return g.result(key.has_value());
}
/// name_resolve(name, n, out, cap) -> length or -1
Trap name_resolve(HostCall& call) noexcept {
    Guest g{call};
    const auto name = g.pay(price::kName, g.u32(1)).bound(g.u32(1), kNameMax).bytes(0);
    if (!g.output(2, g.u32(3)).ok()) return g.trap();
    const auto found = g.host().name_resolve(name);
    g.pay({0, 1, 1}, found ? std::min<std::size_t>(found->size(), g.u32(3)) : 0);
    return g.answer(2, found);
}
/// name_owner(name, n, out32) -> 32 or -1
Trap name_owner(HostCall& call) noexcept {
    Guest g{call};
    const auto name = g.pay(price::kName, g.u32(1)).bound(g.u32(1), kNameMax).bytes(0);
    if (!g.output(2, 32).ok()) return g.trap();
    const auto owner = g.host().name_owner(name);
    if (owner) g.put(2, *owner);
    return g.result(owner ? 32 : kAbsent);
}
/// identity_check(addr, claim, n) -> 0 or 1
Trap identity_check(HostCall& call) noexcept {
    Guest g{call};
    const auto who = g.pay(price::kName, g.u32(2)).bound(g.u32(2), kNameMax).fixed<32>(0);
    const auto claim = g.bytes(1);
    return g.ok() ? g.result(g.host().identity_check(who, claim)) : g.trap();
}

std::vector<HostFunction> make_table() {
    constexpr auto i = ValType::i32;
    constexpr auto l = ValType::i64;
    using Types = std::vector<ValType>;
    const auto f = [](const char* name, Types params, Types results, Trap (*call)(HostCall&) noexcept) {
        return HostFunction{"zvm1", name, {std::move(params), std::move(results)}, call};
    };
    return {f("input_len", {}, {i}, &input_len),
            f("input_read", {i, i, i}, {i}, &input_read),
            f("ret", {i, i}, {}, &ret),
            f("revert", {i, i}, {}, &revert),
            f("storage_get", {i, i, i, i}, {i}, &storage_get),
            f("storage_set", {i, i, i, i}, {}, &storage_set),
            f("storage_del", {i, i}, {}, &storage_del),
            f("caller", {i}, {}, &address_of<&ContractHost::caller>),
            f("self", {i}, {}, &address_of<&ContractHost::self>),
            f("origin", {i}, {}, &address_of<&ContractHost::origin>),
            f("value", {i}, {}, &value),
            f("block", {i}, {l}, &block),
            f("gas_left", {}, {l}, &gas_left),
            f("emit", {i, i, i, i}, {}, &emit),
            f("call", {i, i, l, i, i, i}, {i}, &call_contract),
            f("ret_len", {}, {i}, &ret_len),
            f("ret_copy", {i, i, i}, {i}, &ret_copy),
            f("transfer", {i, i, i}, {i}, &transfer),
            f("balance", {i, i, i}, {}, &balance),
            f("create", {i, i, i, i, i}, {i}, &create),
            f("upgrade", {i}, {i}, &upgrade),
            f("sha256", {i, i, i}, {}, &hash<&ContractHost::sha256, price::kSha256>),
            f("keccak256", {i, i, i}, {}, &hash<&ContractHost::keccak256, price::kKeccak256>),
            f("blake3", {i, i, i}, {}, &hash<&ContractHost::blake3, price::kBlake3>),
            f("ed25519_verify", {i, i, i, i}, {i}, &ed25519_verify),
            f("secp256k1_verify", {i, i, i}, {i}, &secp256k1_verify),
            f("secp256k1_recover", {i, i, i}, {i}, &secp256k1_recover),
            f("name_resolve", {i, i, i, i}, {i}, &name_resolve),
            f("name_owner", {i, i, i}, {i}, &name_owner),
            f("identity_check", {i, i, i}, {i}, &identity_check)};
}

}  // namespace

std::span<const HostFunction> zvm1_functions() noexcept {
    static const auto kTable = make_table();
    return kTable;
}

}  // namespace zvm
