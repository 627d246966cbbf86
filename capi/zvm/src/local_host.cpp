#include "local_host.hpp"

#include <algorithm>

#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"

namespace capi::zvm_local {

namespace secp256k1 = zcrypto::secp256k1;

void LocalHost::begin(base::ByteView input_bytes) {
    call_input = input_bytes;
    returned.clear();
    did_return = false;
    events.clear();
    undo_.clear();
}

void LocalHost::end(bool succeeded) {
    if (!succeeded) {
        for (auto& [key, before] : undo_) {
            if (before) {
                storage[key] = std::move(*before);
            } else {
                storage.erase(key);
            }
        }
        events.clear();
    }
    undo_.clear();
    call_input = {};
}

void LocalHost::set_return(base::ByteView data) noexcept {
    returned = base::to_bytes(data);
    did_return = true;
}

std::optional<base::ByteView> LocalHost::storage_get(base::ByteView key) noexcept {
    const auto found = storage.find(base::to_bytes(key));
    if (found == storage.end()) return std::nullopt;
    return base::ByteView{found->second};
}

void LocalHost::remember(const base::Bytes& key) {
    if (undo_.contains(key)) return;
    const auto found = storage.find(key);
    undo_.emplace(key, found == storage.end() ? std::nullopt : std::optional{found->second});
}

bool LocalHost::storage_set(base::ByteView key, base::ByteView value) noexcept {
    auto owned = base::to_bytes(key);
    remember(owned);
    storage[std::move(owned)] = base::to_bytes(value);
    return true;
}

bool LocalHost::storage_delete(base::ByteView key) noexcept {
    const auto owned = base::to_bytes(key);
    remember(owned);
    storage.erase(owned);
    return true;
}

std::int64_t LocalHost::block(zvm::BlockField field) noexcept {
    switch (field) {
        case zvm::BlockField::height: return static_cast<std::int64_t>(block_facts.height);
        case zvm::BlockField::time_ms: return static_cast<std::int64_t>(block_facts.time_ms);
        case zvm::BlockField::chain_id: return static_cast<std::int64_t>(block_facts.chain_id);
    }
    return 0;
}

bool LocalHost::emit(std::span<const base::Digest> topics, base::ByteView data) noexcept {
    events.push_back({{topics.begin(), topics.end()}, base::to_bytes(data)});
    return true;
}

base::Digest LocalHost::sha256(base::ByteView data) noexcept { return zcrypto::sha256(data); }
base::Digest LocalHost::keccak256(base::ByteView data) noexcept { return zcrypto::keccak256(data); }
base::Digest LocalHost::blake3(base::ByteView data) noexcept { return zcrypto::blake3(data); }

bool LocalHost::ed25519_verify(const base::FixedBytes<32>& key, const base::FixedBytes<64>& signature,
                               base::ByteView message) noexcept {
    return zcrypto::ed25519::verify({key}, message, {signature});
}

bool LocalHost::secp256k1_verify(const base::FixedBytes<33>& key, const base::FixedBytes<64>& signature,
                                 const base::Digest& digest) noexcept {
    const auto parsed = secp256k1::PublicKey::parse(key);
    return parsed && secp256k1::verify(*parsed, digest, {signature});
}

std::optional<base::FixedBytes<33>> LocalHost::secp256k1_recover(const base::FixedBytes<65>& signature,
                                                                 const base::Digest& digest) noexcept {
    secp256k1::RecoverableSignature parsed;
    std::copy_n(signature.begin(), 64, parsed.signature.bytes.begin());
    parsed.id = std::to_integer<std::uint8_t>(signature[64]);
    const auto key = secp256k1::recover(digest, parsed);
    return key ? std::optional{key->bytes()} : std::nullopt;
}

}  // namespace capi::zvm_local
