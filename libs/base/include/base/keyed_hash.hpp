#pragma once
// Hash tables for keys that somebody else chooses: a peer, a sender, a contract. std::hash is known to everybody, so
// that keys can be made that all fall into one bucket; SipHash under a key that this process drew cannot be foreseen.
//
// The order of iteration differs from process to process: nothing that is hashed, stored, sent or chosen may depend on
// it. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), as libsodium has it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "base/bytes.hpp"

namespace base {

using HashKey = FixedBytes<16>;
/// Drawn once for this process. Any thread.
const HashKey& process_hash_key() noexcept;
/// SipHash-2-4. Any thread.
std::uint64_t siphash(ByteView bytes, const HashKey& key) noexcept;

/// For text, for bytes, and for values that are nothing but their bytes (no padding, no pointers).
template <typename T>
struct KeyedHash {
    [[nodiscard]] std::size_t operator()(const T& value) const noexcept {
        if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            return siphash(as_bytes(std::string_view{value}), process_hash_key());
        } else {
            static_assert(std::has_unique_object_representations_v<T> && !std::is_pointer_v<T>,
                          "give the type a hash of its own that calls siphash()");
            return siphash(std::as_bytes(std::span{&value, 1}), process_hash_key());
        }
    }
};

template <typename Key, typename Value>
using HashMap = std::unordered_map<Key, Value, KeyedHash<Key>>;
template <typename Key>
using HashSet = std::unordered_set<Key, KeyedHash<Key>>;

}  // namespace base
