#pragma once
// A host with storage in a hash map and nothing else: what a call costs without a chain behind it.

#include <string>
#include <unordered_map>

#include "zvm/contract_host.hpp"

namespace zvm_bench {

class MemoryHost final : public zvm::ContractHost {
 public:
    base::ByteView input() noexcept override { return {}; }
    void set_return(base::ByteView data) noexcept override { returned_.assign(base::as_text(data)); }
    void set_revert(base::ByteView data) noexcept override { returned_.assign(base::as_text(data)); }
    std::optional<base::ByteView> storage_get(base::ByteView key) noexcept override {
        const auto found = storage_.find(std::string{base::as_text(key)});
        if (found == storage_.end()) return std::nullopt;
        return std::as_bytes(std::span{found->second});
    }
    bool storage_set(base::ByteView key, base::ByteView value) noexcept override {
        storage_[std::string{base::as_text(key)}] = base::as_text(value);
        return true;
    }
    bool storage_delete(base::ByteView key) noexcept override {
        storage_.erase(std::string{base::as_text(key)});
        return true;
    }
    zvm::Address caller() noexcept override { return {}; }
    zvm::Address self() noexcept override { return {}; }
    zvm::Address origin() noexcept override { return {}; }
    base::u128 value() noexcept override { return 0; }
    std::int64_t block(zvm::BlockField) noexcept override { return 0; }
    bool emit(std::span<const base::Digest>, base::ByteView) noexcept override { return true; }
    zvm::CallOutcome call(const zvm::CallRequest&) noexcept override { return {}; }
    base::ByteView return_data() noexcept override { return {}; }
    zvm::CallOutcome create(const zvm::CreateRequest&, zvm::Address&) noexcept override { return {}; }
    zvm::CallStatus upgrade(const base::Digest&) noexcept override { return zvm::CallStatus::refused; }
    zvm::CallStatus transfer(const zvm::Address&, const zvm::AssetId&, base::u128) noexcept override {
        return zvm::CallStatus::refused;
    }
    base::u128 balance(const zvm::Address&, const zvm::AssetId&) noexcept override { return 0; }
    base::Digest sha256(base::ByteView) noexcept override { return {}; }
    base::Digest keccak256(base::ByteView) noexcept override { return {}; }
    base::Digest blake3(base::ByteView) noexcept override { return {}; }
    bool ed25519_verify(const base::FixedBytes<32>&, const base::FixedBytes<64>&, base::ByteView) noexcept override {
        return false;
    }
    bool secp256k1_verify(const base::FixedBytes<33>&, const base::FixedBytes<64>&,
                          const base::Digest&) noexcept override {
        return false;
    }
    std::optional<base::FixedBytes<33>> secp256k1_recover(const base::FixedBytes<65>&,
                                                          const base::Digest&) noexcept override {
        return std::nullopt;
    }

 private:
    std::unordered_map<std::string, std::string> storage_;
    std::string returned_;
};

}  // namespace zvm_bench
