#include "gcrypt/hash.hpp"

#include <array>
#include <string>
#include <utility>

namespace gcrypt {
namespace {

constexpr std::array<std::string_view, kDomainCount> kContexts{
    "ghostchain 2026 tx v1",       "ghostchain 2026 block v1",  "ghostchain 2026 vote v1",
    "ghostchain 2026 address v1",  "ghostchain 2026 name v1",   "ghostchain 2026 receipt v1",
    "ghostchain 2026 contract v1", "ghostchain 2026 asset v1",  "ghostchain 2026 policy v1",
    "ghostchain 2026 genesis v1",  "ghostchain 2026 merkle v1", "ghostchain 2026 valset v1",
    "ghostchain 2026 code v1",
};
static_assert(static_cast<std::size_t>(Domain::code) + 1 == kDomainCount);

template <std::size_t... I>
std::array<zcrypto::Blake3Context, kDomainCount> make_contexts(std::index_sequence<I...>) noexcept {
    return {zcrypto::Blake3Context{kContexts[I]}...};
}

const zcrypto::Blake3Context& context(Domain domain) noexcept {
    static const auto contexts = make_contexts(std::make_index_sequence<kDomainCount>{});
    return contexts[static_cast<std::size_t>(domain)];
}

}  // namespace

std::string_view context_of(Domain domain) noexcept { return kContexts[static_cast<std::size_t>(domain)]; }

base::Digest hash(Domain domain, base::ByteView message) noexcept { return context(domain).hash(message); }

base::Digest hash(Domain domain, std::span<const base::ByteView> parts) noexcept { return context(domain).hash(parts); }

zcrypto::Blake3 hasher(Domain domain) noexcept { return context(domain).start(); }

}  // namespace gcrypt
