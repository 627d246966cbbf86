#include "gcrypt/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using gcrypt::Domain;

TEST(DomainHash, IsDeriveKeyWithTheContextOfItsUse) {
    EXPECT_EQ(gcrypt::context_of(Domain::tx), "ghostchain 2026 tx v1");
    EXPECT_EQ(gcrypt::context_of(Domain::block), "ghostchain 2026 block v1");
    EXPECT_EQ(gcrypt::context_of(Domain::vote), "ghostchain 2026 vote v1");
    EXPECT_EQ(gcrypt::context_of(Domain::address), "ghostchain 2026 address v1");
    EXPECT_EQ(gcrypt::context_of(Domain::name), "ghostchain 2026 name v1");
    EXPECT_EQ(gcrypt::context_of(Domain::receipt), "ghostchain 2026 receipt v1");
    EXPECT_EQ(gcrypt::context_of(Domain::code), "ghostchain 2026 code v1");
    const auto message = base::as_bytes("message");
    std::set<base::Digest> seen;
    std::set<std::string_view> contexts;
    for (std::size_t i = 0; i < gcrypt::kDomainCount; ++i) {
        const auto domain = static_cast<Domain>(i);
        const auto digest = gcrypt::hash(domain, message);
        EXPECT_EQ(digest, zcrypto::blake3_derive_key(gcrypt::context_of(domain), message));
        seen.insert(digest);
        contexts.insert(gcrypt::context_of(domain));
    }
    EXPECT_EQ(seen.size(), gcrypt::kDomainCount);
    EXPECT_EQ(contexts.size(), gcrypt::kDomainCount);
}

TEST(DomainHash, TakesPartsAndStreams) {
    const auto whole = gcrypt::hash(Domain::tx, base::as_bytes("abc"));
    EXPECT_EQ(gcrypt::hash(Domain::tx, {base::as_bytes("a"), base::as_bytes("bc")}), whole);
    auto hasher = gcrypt::hasher(Domain::tx);
    hasher.update(base::as_bytes("ab")).update(base::as_bytes("c"));
    EXPECT_EQ(hasher.finish(), whole);
}

}  // namespace
