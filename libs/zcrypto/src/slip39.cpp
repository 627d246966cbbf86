// Splitting and combining. The secret is encrypted under the passphrase (a Feistel cipher of four rounds), the result
// split among groups, each group's part among its members. A polynomial's value at 255 is what is shared and at 254 a
// digest of it, so that false shares are noticed.
#include "zcrypto/slip39.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gf256.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/kdf.hpp"

namespace zcrypto::slip39 {
namespace {

constexpr std::uint8_t kSecretAt = 255, kDigestAt = 254;
constexpr std::size_t kDigestSize = 4;
constexpr std::uint32_t kIterationsPerRound = 2500;
constexpr std::size_t kMaxPassphrase = 1024;

struct CipherInput {
    base::ByteView text;
    std::string_view passphrase;
    std::uint16_t identifier;
    bool extendable;
    unsigned exponent;
};

bool is_passphrase(std::string_view text) noexcept {
    return text.size() <= kMaxPassphrase && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

/// `rounds` in their order; decrypting runs them backwards.
SecretBytes feistel(const CipherInput& input, std::span<const std::uint8_t, 4> rounds) {
    const auto half = input.text.size() / 2;
    auto left = SecretBytes::copy_of(input.text.first(half)), right = SecretBytes::copy_of(input.text.subspan(half));
    SecretBytes password{1 + input.passphrase.size()};
    std::ranges::copy(base::as_bytes(input.passphrase), password.expose_mutable().begin() + 1);
    // The salt binds the shares' identifier, except in extendable sets, which may get another one later.
    constexpr std::string_view kPrefix = "shamir";
    const auto prefix = input.extendable ? 0 : kPrefix.size() + 2;
    SecretBytes salt{prefix + half};
    if (!input.extendable) {
        std::ranges::copy(base::as_bytes(kPrefix), salt.expose_mutable().begin());
        base::store_be(salt.expose_mutable().data() + kPrefix.size(), input.identifier);
    }
    SecretBytes mask{half};
    for (const auto round : rounds) {
        password.expose_mutable()[0] = std::byte{round};
        std::ranges::copy(right.expose(), salt.expose_mutable().begin() + static_cast<std::ptrdiff_t>(prefix));
        const auto done = pbkdf2_hmac_sha256(
            {.password = password.expose(), .salt = salt.expose(), .iterations = kIterationsPerRound << input.exponent},
            mask.expose_mutable());
        GC_ASSERT(done.has_value());
        for (std::size_t i = 0; i < half; ++i) left.expose_mutable()[i] ^= mask.expose()[i];
        std::swap(left, right);
    }
    SecretBytes out{input.text.size()};
    std::ranges::copy(left.expose(), std::ranges::copy(right.expose(), out.expose_mutable().begin()).out);
    return out;
}

SecretBytes encrypt(const CipherInput& input) { return feistel(input, std::array<std::uint8_t, 4>{0, 1, 2, 3}); }
SecretBytes decrypt(const CipherInput& input) { return feistel(input, std::array<std::uint8_t, 4>{3, 2, 1, 0}); }

/// The first bytes of HMAC-SHA256(random part, secret).
base::FixedBytes<kDigestSize> digest_of(base::ByteView random_part, base::ByteView secret) noexcept {
    auto hash = hmac_sha256({.key = random_part, .message = secret});
    base::FixedBytes<kDigestSize> out;
    std::copy_n(hash.begin(), out.size(), out.begin());
    secure_wipe(hash);
    return out;
}

/// `count` values of a random polynomial of degree threshold - 1 that hides `secret`.
std::vector<SecretBytes> share_out(const Group& group, base::ByteView secret, base::Random& random) {
    std::vector<SecretBytes> shares;
    if (group.threshold == 1) {
        shares.reserve(group.count);
        for (unsigned i = 0; i < group.count; ++i) shares.push_back(SecretBytes::copy_of(secret));
        return shares;
    }
    for (unsigned i = 0; i < group.threshold - 2; ++i) {
        shares.emplace_back(secret.size());
        random.fill(shares.back().expose_mutable());
    }
    SecretBytes digest{secret.size()};
    random.fill(digest.expose_mutable().subspan(kDigestSize));
    const auto check = digest_of(digest.expose().subspan(kDigestSize), secret);
    std::ranges::copy(check, digest.expose_mutable().begin());

    std::vector<gf256::Sample> samples;
    samples.reserve(group.threshold);
    for (unsigned i = 0; i < shares.size(); ++i) samples.push_back({static_cast<std::uint8_t>(i), shares[i].expose()});
    samples.push_back({kDigestAt, digest.expose()});
    samples.push_back({kSecretAt, secret});
    for (auto i = group.threshold - 2; i < group.count; ++i) {
        shares.emplace_back(secret.size());
        gf256::interpolate(samples, static_cast<std::uint8_t>(i), shares.back().expose_mutable());
    }
    return shares;
}

/// The reverse, from `threshold` samples or more. Those above it must lie on the polynomial of the others: what one
/// share of them hides, damaged or false, would show only when it is needed.
base::Result<SecretBytes> recover(unsigned threshold, std::span<const gf256::Sample> samples) {
    SecretBytes expected{samples[0].y.size()};
    for (const auto& surplus : samples.subspan(threshold)) {
        gf256::interpolate(samples.first(threshold), surplus.x, expected.expose_mutable());
        if (!equal_constant_time(expected.expose(), surplus.y)) return base::fail(Errc::bad_digest, "surplus share");
    }
    samples = samples.first(threshold);
    if (threshold == 1) return SecretBytes::copy_of(samples[0].y);
    SecretBytes secret{samples[0].y.size()}, digest{samples[0].y.size()};
    gf256::interpolate(samples, kSecretAt, secret.expose_mutable());
    gf256::interpolate(samples, kDigestAt, digest.expose_mutable());
    const auto check = digest_of(digest.expose().subspan(kDigestSize), secret.expose());
    if (!equal_constant_time(check, digest.expose().first(kDigestSize))) {
        return base::fail(Errc::bad_digest, "SLIP-39");
    }
    return secret;
}

base::Result<void> check(base::ByteView secret, const SplitOptions& options) noexcept {
    if (secret.size() < 16 || secret.size() > kMaxSecretBytes || secret.size() % 2 != 0) {
        return base::fail(Errc::bad_length, "secret to split");
    }
    if (options.groups.empty() || options.groups.size() > kMaxShares) return base::fail(Errc::out_of_range, "groups");
    if (options.group_threshold == 0 || options.group_threshold > options.groups.size()) {
        return base::fail(Errc::out_of_range, "group threshold");
    }
    if (options.iteration_exponent > kMaxExponent) return base::fail(Errc::out_of_range, "iteration exponent");
    if (!is_passphrase(options.passphrase)) return base::fail(Errc::unsupported_text, "passphrase");
    for (const auto& group : options.groups) {
        if (group.threshold == 0 || group.threshold > group.count || group.count > kMaxShares ||
            (group.threshold == 1 && group.count > 1)) {
            return base::fail(Errc::out_of_range, "group");
        }
    }
    return {};
}

bool same_set(const Share& a, const Share& b) noexcept {
    return a.identifier == b.identifier && a.extendable == b.extendable &&
           a.iteration_exponent == b.iteration_exponent && a.group_threshold == b.group_threshold &&
           a.group_count == b.group_count && a.value.size() == b.value.size();
}

/// The members of group `index` that differ; `share_mismatch` when two of them cannot both be true.
struct Members {
    unsigned threshold = 0;
    std::vector<gf256::Sample> samples;  ///< `threshold` or more.
};
base::Checked<Members> members_of(std::span<const Share> shares, unsigned index) {
    Members out;
    auto& [threshold, members] = out;
    for (const auto& share : shares) {
        if (share.group_index != index) continue;
        if (threshold != 0 && share.member_threshold != threshold) {
            return base::explain(Errc::share_mismatch, "shares of one group disagree on how many are needed");
        }
        threshold = share.member_threshold;
        const auto known = std::ranges::find(members, share.member_index, &gf256::Sample::x);
        if (known == members.end()) {
            members.push_back({share.member_index, share.value.expose()});
        } else if (!equal_constant_time(known->y, share.value.expose())) {
            return base::explain(Errc::share_mismatch, "two shares claim the same place in their group");
        }
    }
    if (members.size() < threshold) {
        return base::explain(Errc::not_enough_shares, fmt::format("group {} has {} of the {} shares that it needs",
                                                                  index + 1, members.size(), threshold));
    }
    return out;
}

}  // namespace

base::Result<std::vector<std::vector<SecretBytes>>> split(base::ByteView secret, const SplitOptions& options,
                                                          base::Random& random) {
    GC_CHECK(check(secret, options));
    base::FixedBytes<2> number;
    random.fill(number);
    Share share;
    share.identifier = base::load_be<std::uint16_t>(number.data()) & 0x7fff;
    share.extendable = options.extendable;
    share.iteration_exponent = static_cast<std::uint8_t>(options.iteration_exponent);
    share.group_threshold = static_cast<std::uint8_t>(options.group_threshold);
    share.group_count = static_cast<std::uint8_t>(options.groups.size());
    const auto encrypted = encrypt({.text = secret,
                                    .passphrase = options.passphrase,
                                    .identifier = share.identifier,
                                    .extendable = options.extendable,
                                    .exponent = options.iteration_exponent});
    const auto parts =
        share_out({.threshold = options.group_threshold, .count = static_cast<unsigned>(options.groups.size())},
                  encrypted.expose(), random);
    std::vector<std::vector<SecretBytes>> out;
    for (std::size_t g = 0; g < parts.size(); ++g) {
        auto& words = out.emplace_back();
        share.group_index = static_cast<std::uint8_t>(g);
        share.member_threshold = static_cast<std::uint8_t>(options.groups[g].threshold);
        share.member_index = 0;
        for (auto& value : share_out(options.groups[g], parts[g].expose(), random)) {
            share.value = std::move(value);
            words.push_back(share.to_words());
            ++share.member_index;
        }
    }
    return out;
}

base::Checked<SecretBytes> combine(std::span<const std::string_view> shares, std::string_view passphrase) {
    if (!is_passphrase(passphrase)) {
        return base::explain(Errc::unsupported_text, "the passphrase of shares is printable ASCII");
    }
    if (shares.empty()) return base::explain(Errc::not_enough_shares, "no share was given");
    if (shares.size() > kMaxShares * kMaxShares) return base::explain(Errc::out_of_range, "more than 256 shares");
    std::vector<Share> parsed;
    for (const auto text : shares) {
        auto share = Share::parse(text);
        if (!share) {
            share.error().text = fmt::format("share {}: {}", parsed.size() + 1, share.error().text);
            return std::unexpected{std::move(share).error()};
        }
        if (!parsed.empty() && !same_set(parsed[0], *share)) {
            return base::explain(Errc::share_mismatch,
                                 fmt::format("share {} is not of the same set as share 1", parsed.size() + 1));
        }
        parsed.push_back(std::move(*share));
    }

    const auto& first = parsed[0];
    std::vector<SecretBytes> values;
    std::vector<gf256::Sample> groups;
    values.reserve(kMaxShares);
    base::Diagnostic incomplete{};
    for (unsigned index = 0; index < kMaxShares; ++index) {
        if (std::ranges::none_of(parsed, [&](const Share& s) { return s.group_index == index; })) continue;
        auto members = members_of(parsed, index);
        if (!members) {
            // A group that is not complete does no harm when enough others are.
            if (!members.error().error.is(Errc::not_enough_shares)) return std::unexpected{members.error()};
            incomplete = members.error();
            continue;
        }
        auto value = recover(members->threshold, members->samples);
        if (!value) {
            return base::explain(Errc::bad_digest, fmt::format("group {}: one of its shares is false", index + 1));
        }
        values.push_back(std::move(*value));
        groups.push_back({static_cast<std::uint8_t>(index), values.back().expose()});
    }
    if (groups.size() < first.group_threshold) {
        if (!incomplete.text.empty()) return std::unexpected{std::move(incomplete)};
        return base::explain(Errc::not_enough_shares,
                             fmt::format("{} of the {} groups that are needed", groups.size(), first.group_threshold));
    }
    const auto encrypted = recover(first.group_threshold, groups);
    if (!encrypted) return base::explain(Errc::bad_digest, "the groups do not fit together: a share is false");
    return decrypt({.text = encrypted->expose(),
                    .passphrase = passphrase,
                    .identifier = first.identifier,
                    .extendable = first.extendable,
                    .exponent = first.iteration_exponent});
}

}  // namespace zcrypto::slip39
