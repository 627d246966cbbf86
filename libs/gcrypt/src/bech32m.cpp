#include "gcrypt/bech32m.hpp"

#include <algorithm>
#include <array>

namespace gcrypt::bech32m {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kMaxPrefix = 83;
constexpr std::uint32_t kConstant = 0x2bc830a3;  // BIP-350; BIP-173's bech32 has 1 here.

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
char lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_printable(char c) noexcept { return c >= 33 && c <= 126; }

/// The BCH checksum over GF(32), fed one symbol at a time.
class Checksum {
 public:
    void feed(std::uint8_t symbol) noexcept {
        constexpr std::array<std::uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
        const auto top = value_ >> 25;
        value_ = (value_ & 0x1ffffff) << 5 ^ symbol;
        for (std::size_t i = 0; i < kGenerator.size(); ++i) {
            if (top >> i & 1) value_ ^= kGenerator[i];
        }
    }
    void feed_prefix(std::string_view prefix) noexcept {
        for (const char c : prefix) feed(static_cast<std::uint8_t>(c) >> 5);
        feed(0);
        for (const char c : prefix) feed(static_cast<std::uint8_t>(c) & 31);
    }
    [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

 private:
    std::uint32_t value_ = 1;
};

/// Position in the alphabet, or -1.
int symbol_of(char c) noexcept {
    const auto at = kAlphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

base::Result<Symbols> decode_symbols(std::string_view text) {
    if (text.size() > kMaxLength) return base::fail(Errc::too_long, "bech32m");
    if (!std::ranges::all_of(text, is_printable)) return base::fail(Errc::bad_character, "bech32m");
    if (std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower)) {
        return base::fail(Errc::mixed_case, "bech32m");
    }
    const auto separator = text.rfind('1');
    if (separator == std::string_view::npos) return base::fail(Errc::no_separator, "bech32m");
    if (separator == 0) return base::fail(Errc::wrong_prefix, "bech32m prefix is empty");
    if (text.size() - separator - 1 < kChecksumSize) return base::fail(Errc::bad_length, "bech32m checksum");

    Symbols out;
    out.prefix.reserve(separator);
    for (const char c : text.substr(0, separator)) out.prefix.push_back(lower(c));
    Checksum checksum;
    checksum.feed_prefix(out.prefix);
    for (const char c : text.substr(separator + 1)) {
        const auto symbol = symbol_of(lower(c));
        if (symbol < 0) return base::fail(Errc::bad_character, "bech32m");
        out.values.push_back(static_cast<std::uint8_t>(symbol));
        checksum.feed(out.values.back());
    }
    if (checksum.value() != kConstant) return base::fail(Errc::bad_checksum, "bech32m");
    out.values.resize(out.values.size() - kChecksumSize);
    return out;
}

base::Result<std::string> encode_symbols(const Symbols& symbols) {
    const auto& prefix = symbols.prefix;
    if (prefix.empty() || prefix.size() > kMaxPrefix) return base::fail(Errc::bad_length, "bech32m prefix");
    if (!std::ranges::all_of(prefix, is_printable)) return base::fail(Errc::bad_character, "bech32m prefix");
    if (std::ranges::any_of(prefix, is_upper)) return base::fail(Errc::mixed_case, "bech32m prefix");
    if (prefix.size() + 1 + symbols.values.size() + kChecksumSize > kMaxLength) {
        return base::fail(Errc::too_long, "bech32m");
    }
    std::string text = prefix;
    text.push_back('1');
    Checksum checksum;
    checksum.feed_prefix(prefix);
    for (const auto value : symbols.values) {
        if (value >= kAlphabet.size()) return base::fail(Errc::bad_character, "bech32m symbol");
        checksum.feed(value);
        text.push_back(kAlphabet[value]);
    }
    for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.feed(0);
    const auto sum = checksum.value() ^ kConstant;
    for (std::size_t i = 0; i < kChecksumSize; ++i)
        text.push_back(kAlphabet[sum >> (5 * (kChecksumSize - 1 - i)) & 31]);
    return text;
}

base::Result<std::string> encode(std::string_view prefix, base::ByteView payload) {
    if (payload.size() > kMaxLength) return base::fail(Errc::too_long, "bech32m payload");
    Symbols symbols{.prefix = std::string{prefix}, .values = {}};
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const auto byte : payload) {
        bits = (bits << 8 | std::to_integer<std::uint32_t>(byte)) & 0xfff;
        held += 8;
        while (held >= 5) {
            held -= 5;
            symbols.values.push_back(static_cast<std::uint8_t>(bits >> held & 31));
        }
    }
    if (held > 0) symbols.values.push_back(static_cast<std::uint8_t>(bits << (5 - held) & 31));
    return encode_symbols(symbols);
}

base::Result<base::Bytes> decode(std::string_view prefix, std::string_view text) {
    GC_TRY(const auto symbols, decode_symbols(text));
    if (symbols.prefix != prefix) return base::fail(Errc::wrong_prefix, "bech32m");
    base::Bytes out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const auto value : symbols.values) {
        bits = (bits << 5 | value) & 0xfff;
        held += 5;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<std::byte>(bits >> held & 0xff));
        }
    }
    // A whole symbol of padding, or padding that is not zero, would give one payload several texts.
    if (held >= 5 || (bits & ((1u << held) - 1)) != 0) return base::fail(Errc::bad_padding, "bech32m");
    return out;
}

}  // namespace gcrypt::bech32m
