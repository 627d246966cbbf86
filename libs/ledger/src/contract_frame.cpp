#include "contract_frame.hpp"

#include "ledger/codec.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"

namespace ledger {

namespace secp256k1 = zcrypto::secp256k1;

std::optional<base::ByteView> ContractFrame::storage_get(base::ByteView key) noexcept {
    const auto found = run_.keep(run_.state_.record(slot_key(entry_.contract, key)));
    if (!found || !**found) return std::nullopt;
    return base::ByteView{***found};
}

bool ContractFrame::storage_set(base::ByteView key, base::ByteView value) noexcept {
    if (auto set = run_.state_.set_record(slot_key(entry_.contract, key), base::to_bytes(value)); !set)
        run_.fail(set.error());
    return true;
}

bool ContractFrame::storage_delete(base::ByteView key) noexcept {
    if (auto set = run_.state_.set_record(slot_key(entry_.contract, key), std::nullopt); !set) run_.fail(set.error());
    return true;
}

std::int64_t ContractFrame::block(zvm::BlockField field) noexcept {
    switch (field) {
        case zvm::BlockField::height: return static_cast<std::int64_t>(run_.env_.block.height);
        case zvm::BlockField::time_ms: return static_cast<std::int64_t>(run_.env_.block.time_ms);
        // A number that no two chains share: the beginning of the genesis hash.
        case zvm::BlockField::chain_id: return base::load_le<std::int64_t>(run_.env_.genesis_hash.data());
    }
    return 0;
}

bool ContractFrame::emit(std::span<const base::Digest> topics, base::ByteView data) noexcept {
    return run_.add_event(
        ContractEvent{entry_.contract, std::vector<Hash>{topics.begin(), topics.end()}, base::to_bytes(data)},
        topics.size() * sizeof(Hash) + data.size());
}

zvm::CallOutcome ContractFrame::settle(ContractRun::FrameResult result) noexcept {
    using End = ContractRun::End;
    returned_ = std::move(result.output);
    zvm::CallOutcome outcome{.status = zvm::CallStatus::refused, .gas_used = result.gas_used};
    switch (result.end) {
        case End::ok: outcome.status = zvm::CallStatus::ok; break;
        case End::reverted: outcome.status = zvm::CallStatus::reverted; break;
        case End::trapped:
        case End::out_of_gas: outcome.status = zvm::CallStatus::trapped; break;
        case End::insufficient_balance:
        case End::refused: break;
    }
    return outcome;
}

zvm::CallOutcome ContractFrame::call(const zvm::CallRequest& request) noexcept {
    const Address target{request.target};
    const auto contract = run_.keep(run_.state_.contract(target));
    if (!contract || !*contract) return settle({});
    // What the callee reads is a copy: the caller's memory may move under it when it is called again.
    const auto input = base::to_bytes(request.input);
    allows_reentry_ = (request.flags & zvm::kAllowReentry) != 0;
    const ContractRun::Entry entry{.contract = target,
                                   .code_hash = (*contract)->code_at(run_.env_.block.time_ms),
                                   .function = kEntryCall,
                                   .caller = entry_.contract,
                                   .value = request.value,
                                   .input = input,
                                   .gas = request.gas};
    auto result = run_.enter(entry);
    allows_reentry_ = false;
    return settle(std::move(result));
}

zvm::CallOutcome ContractFrame::create(const zvm::CreateRequest& request, zvm::Address& created) noexcept {
    const auto input = base::to_bytes(request.input);
    const auto address = contract_address(entry_.contract, request.salt, request.code_hash);
    auto result = run_.construct(entry_.contract, request.code_hash,
                                 {.contract = address,
                                  .code_hash = request.code_hash,
                                  .function = kEntryInit,
                                  .caller = entry_.contract,
                                  .value = 0,
                                  .input = input,
                                  .gas = request.gas});
    created = address.bytes;
    return settle(std::move(result));
}

zvm::CallStatus ContractFrame::upgrade(const base::Digest& code_hash) noexcept {
    const auto contract = run_.keep(run_.state_.contract(entry_.contract));
    if (!contract || !*contract) return zvm::CallStatus::refused;
    // The owner asks through the contract, or the contract belongs to itself and decides by its own rules.
    const auto& owner = (*contract)->owner;
    if (owner != entry_.caller && owner != entry_.contract) return zvm::CallStatus::refused;
    const auto set = run_.keep(run_.set_upgrade(entry_.contract, **contract, code_hash));
    return set == ExecStatus::success ? zvm::CallStatus::ok : zvm::CallStatus::refused;
}

zvm::CallStatus ContractFrame::transfer(const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount) noexcept {
    if (amount == 0) return zvm::CallStatus::ok;
    const auto moved = run_.keep(run_.move(entry_.contract, Address{to}, AssetId{asset}, amount));
    return moved == ExecStatus::success ? zvm::CallStatus::ok : zvm::CallStatus::refused;
}

base::u128 ContractFrame::balance(const zvm::Address& of, const zvm::AssetId& asset) noexcept {
    return run_.keep(run_.state_.balance(Address{of}, AssetId{asset})).value_or(0);
}

base::Digest ContractFrame::sha256(base::ByteView data) noexcept { return zcrypto::sha256(data); }
base::Digest ContractFrame::keccak256(base::ByteView data) noexcept { return zcrypto::keccak256(data); }
base::Digest ContractFrame::blake3(base::ByteView data) noexcept { return zcrypto::blake3(data); }

bool ContractFrame::ed25519_verify(const base::FixedBytes<32>& key, const base::FixedBytes<64>& signature,
                                   base::ByteView message) noexcept {
    return zcrypto::ed25519::verify({key}, message, {signature});
}

bool ContractFrame::secp256k1_verify(const base::FixedBytes<33>& key, const base::FixedBytes<64>& signature,
                                     const base::Digest& digest) noexcept {
    const auto parsed = secp256k1::PublicKey::parse(key);
    return parsed && secp256k1::verify(*parsed, digest, {signature});
}

std::optional<base::FixedBytes<33>> ContractFrame::secp256k1_recover(const base::FixedBytes<65>& signature,
                                                                     const base::Digest& digest) noexcept {
    secp256k1::RecoverableSignature parsed;
    std::copy_n(signature.begin(), 64, parsed.signature.bytes.begin());
    parsed.id = std::to_integer<std::uint8_t>(signature[64]);
    const auto key = secp256k1::recover(digest, parsed);
    return key ? std::optional{key->bytes()} : std::nullopt;
}

}  // namespace ledger
