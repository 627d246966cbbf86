#include <blake3.h>

#include <cstddef>

#include "raw.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {
namespace {

// The official state ends with a stack of chaining values, of which only cv_stack_len entries mean anything.
constexpr std::size_t kHeadSize = offsetof(blake3_hasher, cv_stack);

blake3_hasher* official(std::byte* state) noexcept { return reinterpret_cast<blake3_hasher*>(state); }
const blake3_hasher* official(const std::byte* state) noexcept { return reinterpret_cast<const blake3_hasher*>(state); }

void copy_used(std::byte* to, const std::byte* from) noexcept {
    std::memcpy(to, from, kHeadSize + std::size_t{official(from)->cv_stack_len} * BLAKE3_OUT_LEN);
}

}  // namespace

Blake3::Blake3() noexcept {
    static_assert(sizeof state_ == sizeof(blake3_hasher) && alignof(blake3_hasher) <= 8);
    blake3_hasher_init(official(state_));
}

Blake3::Blake3(const Blake3Key& key) noexcept { blake3_hasher_init_keyed(official(state_), base::as_u8(key)); }

Blake3 Blake3::derive_key(std::string_view context) noexcept {
    Blake3 out{Unset{}};
    blake3_hasher_init_derive_key_raw(official(out.state_), context.data(), context.size());
    return out;
}

Blake3::Blake3(const Blake3& other) noexcept { copy_used(state_, other.state_); }

Blake3& Blake3::operator=(const Blake3& other) noexcept {
    if (this != &other) copy_used(state_, other.state_);
    return *this;
}

Blake3& Blake3::update(base::ByteView bytes) noexcept {
    if (!bytes.empty()) blake3_hasher_update(official(state_), bytes.data(), bytes.size());
    return *this;
}

base::Digest Blake3::finish() const noexcept {
    base::Digest out;
    blake3_hasher_finalize(official(state_), out_u8(out), out.size());
    return out;
}

void Blake3::xof(base::MutableBytes out, std::uint64_t offset) const noexcept {
    if (!out.empty()) blake3_hasher_finalize_seek(official(state_), offset, out_u8(out), out.size());
}

void Blake3::wipe() noexcept { secure_wipe(state_); }

base::Digest blake3(base::ByteView message) noexcept {
    Blake3 hasher;
    return hasher.update(message).finish();
}

base::Digest blake3(Parts parts) noexcept {
    Blake3 hasher;
    for (const auto part : parts) hasher.update(part);
    return hasher.finish();
}

base::Digest blake3_keyed(const Blake3Key& key, base::ByteView message) noexcept {
    Blake3 hasher{key};
    return hasher.update(message).finish();
}

base::Digest blake3_derive_key(std::string_view context, base::ByteView material) noexcept {
    auto hasher = Blake3::derive_key(context);
    return hasher.update(material).finish();
}

}  // namespace zcrypto
