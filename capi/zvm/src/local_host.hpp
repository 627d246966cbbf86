#pragma once
// The chain that an instance of the C library lives on: its own storage, in memory, and nobody else.

#include <map>
#include <vector>

#include "zvm/contract_host.hpp"

namespace capi::zvm_local {

struct Event {
    std::vector<base::Digest> topics;
    base::Bytes data;
};

struct Block {
    std::uint64_t height = 0;
    std::uint64_t time_ms = 0;
    std::uint64_t chain_id = 0;
};

/// Nothing of it throws inside a call: what memory is too short for raises `out_of_memory`, and the call counts as
/// failed.
class LocalHost final : public zvm::ContractHost {
 public:
    zvm::Address caller_address{};
    zvm::Address self_address{};
    Block block_facts;

    // Of the call that is running.
    base::ByteView call_input;
    base::Bytes returned;
    bool did_return = false;
    std::vector<Event> events;
    bool out_of_memory = false;

    /// From here to end() or the end of its own life, what is written is kept apart; then it is forgotten.
    class Call {
     public:
        Call(LocalHost& host, base::ByteView input_bytes) noexcept;
        ~Call();
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        /// Makes what the call wrote the storage.
        void keep() noexcept;

     private:
        LocalHost& host_;
    };

    /// Outside of calls. May throw std::bad_alloc; then nothing has changed.
    void set_state(base::ByteView key, base::ByteView value);
    void delete_state(base::ByteView key) noexcept;

    base::ByteView input() noexcept override { return call_input; }
    void set_return(base::ByteView data) noexcept override;
    void set_revert(base::ByteView data) noexcept override { set_return(data); }
    std::optional<base::ByteView> storage_get(base::ByteView key) noexcept override;
    bool storage_set(base::ByteView key, base::ByteView value) noexcept override;
    bool storage_delete(base::ByteView key) noexcept override;
    zvm::Address caller() noexcept override { return caller_address; }
    zvm::Address self() noexcept override { return self_address; }
    zvm::Address origin() noexcept override { return caller_address; }
    base::u128 value() noexcept override { return 0; }
    std::int64_t block(zvm::BlockField field) noexcept override;
    bool emit(std::span<const base::Digest> topics, base::ByteView data) noexcept override;

    zvm::CallOutcome call(const zvm::CallRequest&) noexcept override { return {}; }
    base::ByteView return_data() noexcept override { return {}; }
    zvm::CallOutcome create(const zvm::CreateRequest&, zvm::Address&) noexcept override { return {}; }
    zvm::CallStatus upgrade(const base::Digest&) noexcept override { return zvm::CallStatus::refused; }
    zvm::CallStatus transfer(const zvm::Address&, const zvm::AssetId&, base::u128) noexcept override {
        return zvm::CallStatus::refused;
    }
    base::u128 balance(const zvm::Address&, const zvm::AssetId&) noexcept override { return 0; }

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
    struct Less {
        using is_transparent = void;
        bool operator()(base::ByteView a, base::ByteView b) const noexcept { return base::compare(a, b) < 0; }
    };
    /// A value, or nothing: the key is deleted (in `changes_` only).
    using Storage = std::map<base::Bytes, std::optional<base::Bytes>, Less>;
    /// Runs what may be short of memory.
    template <typename Body>
    bool within_memory(Body&& body) noexcept;

    Storage storage_;
    Storage changes_;  ///< Of the call that is running. Keeping them moves nodes, so it cannot fail half way.
    std::size_t event_bytes_ = 0;
};

}  // namespace capi::zvm_local
