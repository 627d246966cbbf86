#pragma once
// Hashes: SHA-2 from OpenSSL, BLAKE2b from libsodium, BLAKE3 from its official C and assembly, SHA-3 and Keccak-256
// ours. hasher.hpp has them behind one incremental type, blake3_tree.hpp with threads. Nothing here allocates but
// sha512_secret(), whose result is locked memory. Everything is thread-safe; the classes follow the usual rule of one
// writer.

#include <initializer_list>
#include <string_view>

#include "base/bytes.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

using Digest512 = base::FixedBytes<64>;
/// Pieces of one message, hashed as if they were joined. Borrowed for the call.
using Parts = std::span<const base::ByteView>;

base::Digest sha256(base::ByteView message) noexcept;
base::Digest sha256(Parts parts) noexcept;
Digest512 sha512(base::ByteView message) noexcept;
Digest512 sha512(Parts parts) noexcept;
/// For input that holds a key: the digest goes straight to locked memory and no state stays behind.
Secret<64> sha512_secret(Parts parts);

/// FIPS 202.
base::Digest sha3_256(base::ByteView message) noexcept;
Digest512 sha3_512(base::ByteView message) noexcept;
void shake128(base::ByteView message, base::MutableBytes out) noexcept;
void shake256(base::ByteView message, base::MutableBytes out) noexcept;
/// Keccak as submitted, before NIST changed its padding: the hash of Ethereum.
base::Digest keccak256(base::ByteView message) noexcept;

/// RFC 7693.
base::Digest blake2b_256(base::ByteView message) noexcept;
Digest512 blake2b_512(base::ByteView message) noexcept;
struct Blake2bInput {
    base::ByteView key = {};  ///< At most 64 bytes; empty: the plain hash.
    base::ByteView message;
};
/// Output of 1 to 64 bytes, which its length is hashed into. `bad_length` for other sizes of output or key.
base::Result<void> blake2b(const Blake2bInput& input, base::MutableBytes out) noexcept;

/// `key` takes any length.
struct HmacInput {
    base::ByteView key;
    base::ByteView message;
};
base::Digest hmac_sha256(const HmacInput& input) noexcept;
Digest512 hmac_sha512(const HmacInput& input) noexcept;

using Blake3Key = base::FixedBytes<32>;

/// Incremental BLAKE3. Copying it forks the computation; only the used part of the state is copied.
class Blake3 {
 public:
    Blake3() noexcept;                               ///< The plain hash.
    explicit Blake3(const Blake3Key& key) noexcept;  ///< The keyed hash.
    /// The derive_key mode; `context` is a fixed, application-wide unique text. See Blake3Context for repeated use.
    static Blake3 derive_key(std::string_view context) noexcept;

    Blake3(const Blake3& other) noexcept;
    Blake3& operator=(const Blake3& other) noexcept;
    ~Blake3() = default;

    Blake3& update(base::ByteView bytes) noexcept;
    [[nodiscard]] base::Digest finish() const noexcept;
    /// Extendable output: fills `out` with the stream's bytes from `offset` on. finish() is its first 32 bytes.
    void xof(base::MutableBytes out, std::uint64_t offset = 0) const noexcept;
    /// For keyed use: forgets the key and the input. The object must not be used afterwards.
    void wipe() noexcept;

 private:
    struct Unset {};
    explicit Blake3(Unset) noexcept {}
    alignas(8) std::byte state_[1912];
};

/// derive_key with a fixed context, whose own hash is computed once: make it a constant and share it.
class Blake3Context {
 public:
    explicit Blake3Context(std::string_view context) noexcept : start_{Blake3::derive_key(context)} {}
    [[nodiscard]] Blake3 start() const noexcept { return start_; }
    [[nodiscard]] base::Digest hash(base::ByteView message) const noexcept {
        Blake3 hasher{start_};
        return hasher.update(message).finish();
    }
    [[nodiscard]] base::Digest hash(Parts parts) const noexcept {
        Blake3 hasher{start_};
        for (const auto part : parts) hasher.update(part);
        return hasher.finish();
    }

 private:
    Blake3 start_;
};

base::Digest blake3(base::ByteView message) noexcept;
base::Digest blake3(Parts parts) noexcept;
base::Digest blake3_keyed(const Blake3Key& key, base::ByteView message) noexcept;
base::Digest blake3_derive_key(std::string_view context, base::ByteView material) noexcept;

}  // namespace zcrypto
