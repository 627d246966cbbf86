#pragma once
// Memory for secrets: locked into RAM, left out of core dumps and of forked children, wiped when it is given back.
//
// One process-wide arena hands out the memory: memfd_secret(2) where the kernel offers it (even the kernel's own
// mapping does not see those pages), otherwise mlock(2). Allocation is thread-safe; the bytes follow the usual
// rule of one writer. A child after fork() does not get the pages: touching an inherited secret there is a crash, by
// intent; it may be moved and destroyed, and new secrets are the child's own.
// Where the system has no memory, what makes a secret throws std::bad_alloc.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace zcrypto {

/// Overwrites `bytes`; the compiler cannot drop it.
void secure_wipe(base::MutableBytes bytes) noexcept;

/// Compares without a branch on content. Sizes are public: different sizes are unequal at once.
[[nodiscard]] bool equal_constant_time(base::ByteView a, base::ByteView b) noexcept;

/// How the arena keeps secrets out of swap.
enum class SecretMemory { memfd_secret, locked, unlocked };
/// What this process got. `unlocked` means RLIMIT_MEMLOCK refused: daemons log it once at start.
[[nodiscard]] SecretMemory secret_memory();

/// A secret of a length known at run time, at most kMaxSize bytes. Move-only; a moved-from one is empty.
class SecretBytes {
 public:
    static constexpr std::size_t kMaxSize = 1u << 20;

    SecretBytes() noexcept = default;
    /// `size` zero bytes, at most kMaxSize.
    explicit SecretBytes(std::size_t size);
    /// Copies in; the caller still has to wipe its own copy.
    static SecretBytes copy_of(base::ByteView bytes);

    SecretBytes(SecretBytes&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)},
          size_{std::exchange(other.size_, 0)},
          generation_{other.generation_} {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(generation_, other.generation_);
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Borrowed; valid until this object is moved from or destroyed. "expose" marks each use in review.
    [[nodiscard]] base::ByteView expose() const noexcept { return {data_, size_}; }
    [[nodiscard]] base::MutableBytes expose_mutable() noexcept { return {data_, size_}; }

 private:
    std::byte* data_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t generation_ = 0;  ///< How many forks lie before this memory: an older one's is not ours to free.
};

/// A secret of exactly N bytes: the type is the proof of its length. Move-only; never use a moved-from one.
template <std::size_t N>
class Secret {
 public:
    static constexpr std::size_t kSize = N;

    /// N zero bytes.
    Secret() : bytes_{N} {}
    /// Copies in; the caller still has to wipe its own copy. base `invalid_argument` when the size differs.
    static base::Result<Secret> make(base::ByteView bytes) {
        if (bytes.size() != N) return base::fail(base::Errc::invalid_argument, "secret size");
        Secret out;
        std::memcpy(out.bytes_.expose_mutable().data(), bytes.data(), N);
        return out;
    }
    static Secret random(base::Random& random) {
        Secret out;
        random.fill(out.expose_mutable());
        return out;
    }
    /// A deliberate second copy, in locked memory too.
    [[nodiscard]] Secret clone() const {
        Secret out;
        std::memcpy(out.bytes_.expose_mutable().data(), bytes_.expose().data(), N);
        return out;
    }

    [[nodiscard]] std::span<const std::byte, N> expose() const noexcept { return bytes_.expose().template first<N>(); }
    [[nodiscard]] std::span<std::byte, N> expose_mutable() noexcept {
        return bytes_.expose_mutable().template first<N>();
    }

 private:
    SecretBytes bytes_;
};

}  // namespace zcrypto
