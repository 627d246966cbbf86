#pragma once
// What one running contract sees of the chain.

#include "contract_run.hpp"

namespace ledger {

class ContractFrame final : public zvm::ContractHost {
 public:
    ContractFrame(ContractRun& run, const ContractRun::Entry& entry) noexcept
        : ContractHost{*run.env_.rules.state}, run_{run}, entry_{entry} {}

    [[nodiscard]] const Address& contract() const noexcept { return entry_.contract; }
    /// Whether what it is calling now may call it again.
    [[nodiscard]] bool allows_reentry() const noexcept { return allows_reentry_; }
    [[nodiscard]] base::Bytes take_output() noexcept { return std::move(output_); }

    base::ByteView input() noexcept override { return entry_.input; }
    void set_return(base::ByteView data) noexcept override { output_.assign(data.begin(), data.end()); }
    void set_revert(base::ByteView data) noexcept override { output_.assign(data.begin(), data.end()); }
    std::optional<base::ByteView> storage_get(base::ByteView key) noexcept override;
    bool storage_set(base::ByteView key, base::ByteView value) noexcept override;
    bool storage_delete(base::ByteView key) noexcept override;
    zvm::Address caller() noexcept override { return entry_.caller.bytes; }
    zvm::Address self() noexcept override { return entry_.contract.bytes; }
    zvm::Address origin() noexcept override { return run_.env_.origin.bytes; }
    base::u128 value() noexcept override { return entry_.value; }
    std::int64_t block(zvm::BlockField field) noexcept override;
    bool emit(std::span<const base::Digest> topics, base::ByteView data) noexcept override;
    zvm::CallOutcome call(const zvm::CallRequest& request) noexcept override;
    base::ByteView return_data() noexcept override { return returned_; }
    zvm::CallOutcome create(const zvm::CreateRequest& request, zvm::Address& created) noexcept override;
    zvm::CallStatus upgrade(const base::Digest& code_hash) noexcept override;
    zvm::CallStatus transfer(const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount) noexcept override;
    base::u128 balance(const zvm::Address& of, const zvm::AssetId& asset) noexcept override;
    base::Digest sha256(base::ByteView data) noexcept override;
    base::Digest keccak256(base::ByteView data) noexcept override;
    base::Digest blake3(base::ByteView data) noexcept override;
    bool ed25519_verify(const base::FixedBytes<32>& key, const base::FixedBytes<64>& signature,
                        base::ByteView message) noexcept override;
    bool secp256k1_verify(const base::FixedBytes<33>& key, const base::FixedBytes<64>& signature,
                          const base::Digest& digest) noexcept override;
    std::optional<base::FixedBytes<33>> secp256k1_recover(const base::FixedBytes<65>& signature,
                                                          const base::Digest& digest) noexcept override;

 private:
    zvm::CallOutcome settle(ContractRun::FrameResult result) noexcept;

    ContractRun& run_;
    const ContractRun::Entry& entry_;
    base::Bytes output_;
    base::Bytes returned_;
    bool allows_reentry_ = false;
};

}  // namespace ledger
