#include "local_host.hpp"

#include <algorithm>

#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zvm/contract.hpp"

namespace capi::zvm_local {

namespace secp256k1 = zcrypto::secp256k1;

template <typename Body>
bool LocalHost::within_memory(Body&& body) noexcept {
    try {
        body();
        return true;
    } catch (const std::bad_alloc&) {
        out_of_memory = true;
        return false;
    }
}

LocalHost::Call::Call(LocalHost& host, base::ByteView input_bytes) noexcept : host_{host} {
    host_.call_input = input_bytes;
    host_.returned.clear();
    host_.did_return = false;
    host_.events.clear();
    host_.event_bytes_ = 0;
    host_.out_of_memory = false;
}

LocalHost::Call::~Call() {
    host_.changes_.clear();
    host_.events.clear();
    host_.call_input = {};
}

void LocalHost::Call::keep() noexcept {
    auto& changes = host_.changes_;
    while (!changes.empty()) {
        auto change = changes.extract(changes.begin());
        host_.delete_state(change.key());
        if (change.mapped()) host_.storage_.insert(std::move(change));
    }
}

void LocalHost::set_state(base::ByteView key, base::ByteView value) {
    auto owned = base::to_bytes(value);
    const auto found = storage_.find(key);
    if (found == storage_.end()) {
        storage_.emplace(base::to_bytes(key), std::move(owned));
    } else {
        found->second = std::move(owned);
    }
}

void LocalHost::delete_state(base::ByteView key) noexcept {
    if (const auto found = storage_.find(key); found != storage_.end()) storage_.erase(found);
}

void LocalHost::set_return(base::ByteView data) noexcept {
    did_return = within_memory([&] { returned = base::to_bytes(data); });
}

std::optional<base::ByteView> LocalHost::storage_get(base::ByteView key) noexcept {
    auto found = changes_.find(key);
    if (found == changes_.end()) {
        found = storage_.find(key);
        if (found == storage_.end()) return std::nullopt;
    }
    return found->second ? std::optional<base::ByteView>{*found->second} : std::nullopt;
}

bool LocalHost::storage_set(base::ByteView key, base::ByteView value) noexcept {
    return within_memory([&] { changes_.insert_or_assign(base::to_bytes(key), base::to_bytes(value)); });
}

bool LocalHost::storage_delete(base::ByteView key) noexcept {
    return within_memory([&] { changes_.insert_or_assign(base::to_bytes(key), std::nullopt); });
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
    const auto bytes = topics.size() * sizeof(base::Digest) + data.size();
    if (events.size() == zvm::kEventsMax || bytes > zvm::kEventBytesTotalMax - event_bytes_) return false;
    if (!within_memory([&] { events.push_back({{topics.begin(), topics.end()}, base::to_bytes(data)}); })) return false;
    event_bytes_ += bytes;
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
