#pragma once
// One incremental hash for every algorithm, for code that learns the algorithm at run time (a tool, the C library).
// hash.hpp is faster for short messages of a known algorithm.

#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace zcrypto {

enum class HashAlgorithm { sha256, sha512, sha3_256, sha3_512, keccak256, blake2b_256, blake2b_512, blake3 };
inline constexpr HashAlgorithm kHashAlgorithms[] = {
    HashAlgorithm::sha256,    HashAlgorithm::sha512,      HashAlgorithm::sha3_256,    HashAlgorithm::sha3_512,
    HashAlgorithm::keccak256, HashAlgorithm::blake2b_256, HashAlgorithm::blake2b_512, HashAlgorithm::blake3};

/// "sha256", "sha3-256", "keccak256", "blake2b-512", "blake3" …; static lifetime.
[[nodiscard]] const char* hash_name(HashAlgorithm algorithm) noexcept;
[[nodiscard]] std::optional<HashAlgorithm> hash_by_name(std::string_view name) noexcept;
/// 32 or 64.
[[nodiscard]] std::size_t hash_size(HashAlgorithm algorithm) noexcept;

/// Move-only; one thread at a time. A moved-from one must not be used.
class Hasher {
 public:
    explicit Hasher(HashAlgorithm algorithm);
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    ~Hasher();

    [[nodiscard]] HashAlgorithm algorithm() const noexcept;
    Hasher& update(base::ByteView bytes) noexcept;
    /// The digest, of hash_size() bytes; starts over, so that the object hashes the next message.
    [[nodiscard]] base::Bytes finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace zcrypto
