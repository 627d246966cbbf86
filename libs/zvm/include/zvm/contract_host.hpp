#pragma once
// What a chain offers to contracts: the import module `zvm1`, as an abstract interface. zvm checks pointers, charges
// gas and copies; the chain implements the meaning. See docs of each function for the guest's side:
// all pointers and lengths are i32, integers are little-endian, getters return the full length or -1 when absent.

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/u128.hpp"
#include "zvm/gas.hpp"
#include "zvm/host.hpp"

namespace zvm {

using Address = base::Digest;  ///< 32 bytes.
using AssetId = base::Digest;

inline constexpr std::uint32_t kStorageKeyMax = 256;
inline constexpr std::uint32_t kStorageValueMax = 64 * 1024;
inline constexpr std::uint32_t kReturnMax = 64 * 1024;  ///< Of ret, revert and the input of call and create.
inline constexpr std::uint32_t kTopicsMax = 4;
inline constexpr std::uint32_t kEventBytesMax = 16 * 1024;
inline constexpr std::uint32_t kNameMax = 255;

/// What call() and create() give the guest.
enum class CallStatus : std::int32_t {
    ok = 0,
    reverted = 1,  ///< The callee reverted; its data is the return data.
    trapped = 2,   ///< It trapped or ran out of gas.
    refused = 3,   ///< Not started: depth, re-entrancy, balance, no code there.
};
struct CallRequest {
    Address target;
    base::u128 value;
    std::uint64_t gas;     ///< What the callee may use; already at most 63/64 of what the caller has.
    base::ByteView input;  ///< The caller's memory.
    std::uint32_t flags;   ///< kAllowReentry.
};
inline constexpr std::uint32_t kAllowReentry = 1;
struct CallOutcome {
    CallStatus status = CallStatus::refused;
    std::uint64_t gas_used = 0;
};
struct CreateRequest {
    base::Digest code_hash;
    base::Digest salt;
    base::ByteView input;
    std::uint64_t gas;
};
enum class BlockField : std::uint32_t { height = 0, time_ms = 1, chain_id = 2 };

/// Views given to a function are the guest's memory and end with the call. Views returned stay until the next call of
/// the same object. Nothing throws; nothing calls back into the guest that is running.
class ContractHost {
 public:
    /// `prices` outlive it: those of the chain's version.
    explicit ContractHost(const gas::host::StatePrices& prices = gas::host::kStateLatest) noexcept : prices_{&prices} {}
    virtual ~ContractHost() = default;
    [[nodiscard]] const gas::host::StatePrices& prices() const noexcept { return *prices_; }

    virtual base::ByteView input() noexcept = 0;
    virtual void set_return(base::ByteView data) noexcept = 0;
    virtual void set_revert(base::ByteView data) noexcept = 0;

    virtual std::optional<base::ByteView> storage_get(base::ByteView key) noexcept = 0;
    /// Size of a slot's value now, which prices depend on; nothing when there is no such slot.
    virtual std::optional<std::size_t> slot_bytes(base::ByteView key) noexcept {
        const auto value = storage_get(key);
        return value ? std::optional{value->size()} : std::nullopt;
    }
    /// False: refused (a read-only call); the guest traps.
    virtual bool storage_set(base::ByteView key, base::ByteView value) noexcept = 0;
    virtual bool storage_delete(base::ByteView key) noexcept = 0;

    virtual Address caller() noexcept = 0;
    virtual Address self() noexcept = 0;
    virtual Address origin() noexcept = 0;
    virtual base::u128 value() noexcept = 0;
    virtual std::int64_t block(BlockField field) noexcept = 0;
    virtual bool emit(std::span<const base::Digest> topics, base::ByteView data) noexcept = 0;

    virtual CallOutcome call(const CallRequest& request) noexcept = 0;
    /// Of the last call or create.
    virtual base::ByteView return_data() noexcept = 0;
    virtual CallOutcome create(const CreateRequest& request, Address& created) noexcept = 0;
    virtual CallStatus upgrade(const base::Digest& code_hash) noexcept = 0;
    virtual CallStatus transfer(const Address& to, const AssetId& asset, base::u128 amount) noexcept = 0;
    virtual base::u128 balance(const Address& of, const AssetId& asset) noexcept = 0;

    virtual base::Digest sha256(base::ByteView data) noexcept = 0;
    virtual base::Digest keccak256(base::ByteView data) noexcept = 0;
    virtual base::Digest blake3(base::ByteView data) noexcept = 0;
    virtual bool ed25519_verify(const base::FixedBytes<32>& key, const base::FixedBytes<64>& signature,
                                base::ByteView message) noexcept = 0;
    virtual bool secp256k1_verify(const base::FixedBytes<33>& key, const base::FixedBytes<64>& signature,
                                  const base::Digest& digest) noexcept = 0;
    virtual std::optional<base::FixedBytes<33>> secp256k1_recover(const base::FixedBytes<65>& signature,
                                                                  const base::Digest& digest) noexcept = 0;

    // Absent until the modules that know them exist.
    virtual std::optional<base::ByteView> name_resolve(base::ByteView) noexcept { return std::nullopt; }
    virtual std::optional<Address> name_owner(base::ByteView) noexcept { return std::nullopt; }
    virtual bool identity_check(const Address&, base::ByteView) noexcept { return false; }

 private:
    const gas::host::StatePrices* prices_;
};

/// The functions of `zvm1`, to link instances with. A run with them has a ContractHost* as its context.
std::span<const HostFunction> zvm1_functions() noexcept;

}  // namespace zvm
