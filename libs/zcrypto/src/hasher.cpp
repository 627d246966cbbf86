#include "zcrypto/hasher.hpp"

#include <sodium.h>

#include <utility>
#include <variant>

#include "keccak.hpp"
#include "raw.hpp"
#include "sha2.hpp"
#include "sodium_ready.hpp"
#include "zcrypto/hash.hpp"

namespace zcrypto {
namespace {

using Blake2b = crypto_generichash_blake2b_state;
using Engine = std::variant<detail::Sha256, detail::Sha512, detail::Keccak, Blake2b, Blake3>;

Engine start_blake2b(std::size_t size) noexcept {
    sodium_ready();
    Blake2b state;
    crypto_generichash_blake2b_init(&state, nullptr, 0, size);
    return state;
}

Engine start(HashAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case HashAlgorithm::sha256: return detail::Sha256{};
        case HashAlgorithm::sha512: return detail::Sha512{};
        case HashAlgorithm::sha3_256: return detail::sha3_256();
        case HashAlgorithm::sha3_512: return detail::sha3_512();
        case HashAlgorithm::keccak256: return detail::keccak_256();
        case HashAlgorithm::blake2b_256: return start_blake2b(32);
        case HashAlgorithm::blake2b_512: return start_blake2b(64);
        case HashAlgorithm::blake3: return Blake3{};
    }
    std::unreachable();
}

template <typename... F>
struct Cases : F... {
    using F::operator()...;
};

}  // namespace

struct Hasher::State {
    HashAlgorithm algorithm;
    Engine engine;
};

const char* hash_name(HashAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case HashAlgorithm::sha256: return "sha256";
        case HashAlgorithm::sha512: return "sha512";
        case HashAlgorithm::sha3_256: return "sha3-256";
        case HashAlgorithm::sha3_512: return "sha3-512";
        case HashAlgorithm::keccak256: return "keccak256";
        case HashAlgorithm::blake2b_256: return "blake2b-256";
        case HashAlgorithm::blake2b_512: return "blake2b-512";
        case HashAlgorithm::blake3: return "blake3";
    }
    std::unreachable();
}

std::optional<HashAlgorithm> hash_by_name(std::string_view name) noexcept {
    for (const auto algorithm : kHashAlgorithms) {
        if (name == hash_name(algorithm)) return algorithm;
    }
    return std::nullopt;
}

std::size_t hash_size(HashAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case HashAlgorithm::sha512:
        case HashAlgorithm::sha3_512:
        case HashAlgorithm::blake2b_512: return 64;
        case HashAlgorithm::sha256:
        case HashAlgorithm::sha3_256:
        case HashAlgorithm::keccak256:
        case HashAlgorithm::blake2b_256:
        case HashAlgorithm::blake3: return 32;
    }
    std::unreachable();
}

Hasher::Hasher(HashAlgorithm algorithm) : state_{std::make_unique<State>(algorithm, start(algorithm))} {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

HashAlgorithm Hasher::algorithm() const noexcept { return state_->algorithm; }

Hasher& Hasher::update(base::ByteView bytes) noexcept {
    if (bytes.empty()) return *this;
    std::visit(
        Cases{[&](detail::Sha256& hash) { hash.update(bytes); }, [&](detail::Sha512& hash) { hash.update(bytes); },
              [&](detail::Keccak& keccak) { keccak.absorb(bytes); },
              [&](Blake2b& state) { crypto_generichash_blake2b_update(&state, base::as_u8(bytes), bytes.size()); },
              [&](Blake3& blake) { blake.update(bytes); }},
        state_->engine);
    return *this;
}

base::Bytes Hasher::finish() {
    base::Bytes out(hash_size(state_->algorithm));
    std::visit(Cases{[&](detail::Sha256& hash) { hash.finish(out); }, [&](detail::Sha512& hash) { hash.finish(out); },
                     [&](detail::Keccak& keccak) { keccak.squeeze(out); },
                     [&](Blake2b& state) { crypto_generichash_blake2b_final(&state, out_u8(out), out.size()); },
                     [&](Blake3& blake) { blake.xof(out); }},
               state_->engine);
    state_->engine = start(state_->algorithm);
    return out;
}

}  // namespace zcrypto
