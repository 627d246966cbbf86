#include "zcrypto/base58.hpp"

#include <algorithm>
#include <array>

#include "zcrypto/hash.hpp"

namespace zcrypto {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kChecksumSize = 4;
// log 256 / log 58 is below 1.37.
constexpr std::size_t kTextMax = (kBase58PayloadMax + kChecksumSize) * 137 / 100 + 1;

std::array<std::byte, kChecksumSize> checksum_of(base::ByteView payload) noexcept {
    auto first = sha256(payload);
    const auto second = sha256(first);
    secure_wipe(first);
    std::array<std::byte, kChecksumSize> out;
    std::copy_n(second.begin(), out.size(), out.begin());
    return out;
}

/// number = number * factor + digit in base `radix`, most significant digit first. What is left over above is 0 for
/// sizes that were chosen right.
unsigned multiply_add(base::MutableBytes number, unsigned factor, unsigned digit, unsigned radix) noexcept {
    auto carry = digit;
    for (auto at = number.rbegin(); at != number.rend(); ++at) {
        carry += std::to_integer<unsigned>(*at) * factor;
        *at = static_cast<std::byte>(carry % radix);
        carry /= radix;
    }
    return carry;
}

}  // namespace

base::Result<SecretBytes> base58check_encode(base::ByteView payload) noexcept {
    if (payload.size() > kBase58PayloadMax) return base::fail(Errc::out_of_range, "Base58 payload");
    const auto checksum = checksum_of(payload);
    SecretBytes bytes{payload.size() + checksum.size()};
    std::ranges::copy(checksum, std::ranges::copy(payload, bytes.expose_mutable().begin()).out);

    // Leading zero bytes are written as leading ones, the rest as a number.
    const auto all = bytes.expose();
    const auto zeros = static_cast<std::size_t>(
        std::ranges::find_if(all, [](std::byte b) { return b != std::byte{0}; }) - all.begin());
    SecretBytes digits{kTextMax};
    for (const auto byte : all.subspan(zeros)) {
        const auto carry = multiply_add(digits.expose_mutable(), 256, std::to_integer<unsigned>(byte), 58);
        GC_ASSERT(carry == 0);
    }
    auto number = digits.expose();
    while (!number.empty() && number.front() == std::byte{0}) number = number.subspan(1);
    SecretBytes text{zeros + number.size()};
    const auto out = text.expose_mutable();
    std::ranges::fill(out.first(zeros), std::byte{'1'});
    std::ranges::transform(number, out.begin() + static_cast<std::ptrdiff_t>(zeros), [](std::byte digit) {
        return static_cast<std::byte>(kAlphabet[std::to_integer<std::size_t>(digit)]);
    });
    return text;
}

base::Result<SecretBytes> base58check_decode(std::string_view text) noexcept {
    if (text.size() > kTextMax) return base::fail(Errc::bad_encoding, "Base58 text is too long");
    const auto ones = std::min(text.size(), text.find_first_not_of('1'));
    SecretBytes number{kBase58PayloadMax + kChecksumSize + 1};
    for (const char c : text.substr(ones)) {
        const auto digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) return base::fail(Errc::bad_encoding, "Base58 character");
        const auto carry = multiply_add(number.expose_mutable(), 58, static_cast<unsigned>(digit), 256);
        if (carry != 0) return base::fail(Errc::bad_encoding, "Base58 text is too long");
    }
    auto significant = number.expose();
    while (!significant.empty() && significant.front() == std::byte{0}) significant = significant.subspan(1);
    const auto size = ones + significant.size();
    if (size < kChecksumSize) return base::fail(Errc::bad_length, "Base58Check text");
    if (size > kBase58PayloadMax + kChecksumSize) return base::fail(Errc::bad_encoding, "Base58 text is too long");
    SecretBytes bytes{size};
    std::ranges::copy(significant, bytes.expose_mutable().begin() + static_cast<std::ptrdiff_t>(ones));
    const auto payload = bytes.expose().first(size - kChecksumSize);
    if (!base::equal(checksum_of(payload), bytes.expose().last(kChecksumSize))) {
        return base::fail(Errc::bad_checksum, "Base58Check text");
    }
    return SecretBytes::copy_of(payload);
}

}  // namespace zcrypto
