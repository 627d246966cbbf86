#pragma once
// SHA-256 of exactly 64 bytes, which is what a binary Merkle tree hashes: two compressions, the second of a constant
// block whose message schedule is known beforehand. With the SHA extensions two nodes run interleaved, which hides the
// instructions' latency. Same digests as sha256(). Thread-safe; public data.

#include "base/bytes.hpp"

namespace zcrypto {

/// sha256(left || right).
base::Digest sha256_node(const base::Digest& left, const base::Digest& right) noexcept;

/// A level of a tree: `children` holds 64 bytes a node, `nodes` 32 bytes a node, in order. `nodes` may be the front of
/// `children` itself, so that a tree can be hashed in place. Sizes that do not fit end the process: they are the
/// program's own.
void sha256_nodes(base::ByteView children, base::MutableBytes nodes) noexcept;

/// For tests and benches: the ways in which nodes can be hashed here.
enum class Sha256Backend { portable, sha_extensions };
[[nodiscard]] bool is_supported(Sha256Backend backend) noexcept;
/// sha256_nodes() by one supported back end.
void sha256_nodes_by(Sha256Backend backend, base::ByteView children, base::MutableBytes nodes) noexcept;

}  // namespace zcrypto
