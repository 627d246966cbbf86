#pragma once
// The keyring record: how the master key is wrapped, as bytes. Every byte of the header is authenticated.

#include "base/bytes.hpp"
#include "walletd/config.hpp"
#include "walletd/error.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/kdf.hpp"

namespace walletd {

struct KeyringHeader {
    base::FixedBytes<16> wallet_id{};  ///< Random; survives changes of the password.
    zcrypto::Argon2Params kdf;
    zcrypto::Argon2Salt salt{};
    zcrypto::XChaChaNonce nonce{};
    std::uint64_t created_ms{};

    [[nodiscard]] base::Bytes encode() const;
    /// Strict. `damaged` for other versions and malformed bytes, zcrypto's errors for costs outside their bounds: a
    /// file can neither weaken the hash nor exhaust the machine.
    static base::Result<KeyringHeader> decode(base::ByteView bytes);
};

/// 32 bytes that tell accidental damage from a wrong password; no secret is involved.
base::Digest checksum_of(base::ByteView header, base::ByteView wrapped);

using MasterKey = zcrypto::Secret<32>;
/// Blocks for as long as the cost says.
base::Result<base::Bytes> wrap_master(const MasterKey& master, base::ByteView password, const KeyringHeader& header);
/// `wrong_password` also when the wrapped key was tampered with.
base::Result<MasterKey> unwrap_master(base::ByteView wrapped, base::ByteView password, const KeyringHeader& header);

/// Associated data of a sealed secret.
base::Bytes secret_context(const KeyringHeader& header, std::string_view kind);

/// The cost for this machine: memory is raised until one derivation takes about the target.
base::Result<zcrypto::Argon2Params> calibrated_cost(const KdfPolicy& policy);

}  // namespace walletd
