#include "zcrypto/sha256_node.hpp"

#include "sha256_constants.hpp"

namespace zcrypto {
namespace sha256_nodes_detail {
namespace {

/// One compression with round constants and schedule already added up.
void compress(std::array<std::uint32_t, 8>& state, const std::uint32_t* round_words) noexcept {
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
        const auto t1 =
            h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + round_words[t];
        const auto t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::uint32_t added[] = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
}

}  // namespace

void hash_portable(const std::byte* in, std::byte* out, std::size_t count) noexcept {
    for (; count > 0; --count, in += 64, out += 32) {
        std::uint32_t w[64];
        for (std::size_t t = 0; t < 16; ++t) w[t] = base::load_be<std::uint32_t>(in + 4 * t);
        for (std::size_t t = 16; t < 64; ++t) w[t] = next_word(w, t);
        for (std::size_t t = 0; t < 64; ++t) w[t] += kRound[t];
        auto state = kInitial;
        compress(state, w);
        compress(state, kPaddingRound.data());
        for (std::size_t i = 0; i < 8; ++i) base::store_be(out + 4 * i, state[i]);
    }
}

}  // namespace sha256_nodes_detail

bool is_supported(Sha256Backend backend) noexcept {
    static const bool extensions = sha256_nodes_detail::has_sha_extensions();
    return backend == Sha256Backend::portable || extensions;
}

void sha256_nodes_by(Sha256Backend backend, base::ByteView children, base::MutableBytes nodes) noexcept {
    GC_ASSERT(is_supported(backend) && children.size() % 64 == 0 && nodes.size() == children.size() / 2);
    const auto count = nodes.size() / 32;
    switch (backend) {
        case Sha256Backend::portable: return sha256_nodes_detail::hash_portable(children.data(), nodes.data(), count);
        case Sha256Backend::sha_extensions:
            return sha256_nodes_detail::hash_sha_extensions(children.data(), nodes.data(), count);
    }
}

void sha256_nodes(base::ByteView children, base::MutableBytes nodes) noexcept {
    sha256_nodes_by(
        is_supported(Sha256Backend::sha_extensions) ? Sha256Backend::sha_extensions : Sha256Backend::portable, children,
        nodes);
}

base::Digest sha256_node(const base::Digest& left, const base::Digest& right) noexcept {
    base::FixedBytes<64> children;
    std::memcpy(children.data(), left.data(), 32);
    std::memcpy(children.data() + 32, right.data(), 32);
    base::Digest out;
    sha256_nodes(children, out);
    return out;
}

}  // namespace zcrypto
