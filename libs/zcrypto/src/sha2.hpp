#pragma once
// SHA-2 and HMAC over OpenSSL's compression functions. The state is a plain object: OpenSSL's newer interface allocates
// its own and costs twice as much for a short message. Each object wipes itself.

// Deprecated because a provider cannot replace them, which nothing here asks for.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>

#include "pq_secret.hpp"
#include "raw.hpp"

namespace zcrypto::detail {

/// Update any number of times, then finish once. Copying forks the computation.
template <typename State, int (*kInit)(State*), int (*kUpdate)(State*, const void*, std::size_t),
          int (*kFinal)(unsigned char*, State*), std::size_t kBlock, std::size_t kDigest>
class Sha2 {
 public:
    static constexpr std::size_t kBlockSize = kBlock;
    using Digest = base::FixedBytes<kDigest>;

    Sha2() noexcept { kInit(&*state_); }
    Sha2(const Sha2& other) noexcept { *state_ = *other.state_; }
    Sha2& operator=(const Sha2& other) noexcept {
        *state_ = *other.state_;
        return *this;
    }
    ~Sha2() = default;

    Sha2& update(base::ByteView bytes) noexcept {
        if (!bytes.empty()) kUpdate(&*state_, bytes.data(), bytes.size());
        return *this;
    }
    /// `out` has the digest's size. It may be what was hashed.
    void finish(base::MutableBytes out) noexcept { kFinal(out_u8(out), &*state_); }

 private:
    Wiped<State> state_;
};
using Sha256 = Sha2<SHA256_CTX, SHA256_Init, SHA256_Update, SHA256_Final, 64, 32>;
using Sha512 = Sha2<SHA512_CTX, SHA512_Init, SHA512_Update, SHA512_Final, 128, 64>;

/// RFC 2104. Copying one that has been given no message yet saves two of four compressions.
template <typename Hash>
class Hmac {
 public:
    using Digest = Hash::Digest;

    explicit Hmac(base::ByteView key) noexcept {
        Wiped<base::FixedBytes<Hash::kBlockSize>> pad;
        pad->fill(std::byte{0});
        if (key.size() <= pad->size()) {
            std::ranges::copy(key, pad->begin());
        } else {
            Hash{}.update(key).finish(base::MutableBytes{*pad}.first(Digest{}.size()));
        }
        for (auto& b : *pad) b ^= std::byte{0x36};
        inner_.update(*pad);
        for (auto& b : *pad) b ^= std::byte{0x36 ^ 0x5c};
        outer_.update(*pad);
    }
    Hmac& update(base::ByteView bytes) noexcept {
        inner_.update(bytes);
        return *this;
    }
    void finish(base::MutableBytes out) noexcept {
        Wiped<Digest> digest;
        inner_.finish(*digest);
        outer_.update(*digest).finish(out);
    }

 private:
    Hash inner_, outer_;
};

}  // namespace zcrypto::detail

namespace zcrypto {

/// Only for the key fingerprints of BIP-32.
base::FixedBytes<20> ripemd160(base::ByteView message) noexcept;

}  // namespace zcrypto
