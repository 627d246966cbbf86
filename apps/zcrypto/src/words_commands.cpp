#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file.hpp"
#include "commands.hpp"
#include "key_file.hpp"
#include "zcrypto/mnemonic.hpp"
#include "zcrypto/slip10.hpp"

namespace zcrypto_tool {
namespace {

using zcrypto::Mnemonic;

Outcome<zcrypto::Language> language_of(const std::string& name) {
    if (const auto language = zcrypto::language_by_name(name)) return *language;
    std::string known;
    for (const auto each : zcrypto::kLanguages) known += fmt::format(" {}", zcrypto::language_name(each));
    return give_up(Exit::usage, fmt::format("unknown language '{}'; there are:{}", name, known));
}

Outcome<Mnemonic> read_words(const WordsOptions& options) {
    GC_TRY(const auto language, language_of(options.language));
    GC_TRY(const auto text, read_secret(options.words, "Recovery words", false));
    auto words = Mnemonic::parse(base::as_text(text.expose()), language);
    if (!words) return give_up(words.error());
    return std::move(*words);
}

Outcome<zcrypto::Secret<64>> seed_of(const WordsOptions& options) {
    GC_TRY(const auto words, read_words(options));
    zcrypto::SecretBytes passphrase;
    if (options.ask_passphrase || options.passphrase.fd >= 0 || !options.passphrase.file.empty()) {
        GC_TRY(passphrase, read_secret(options.passphrase, "Passphrase", true));
    }
    auto seed = words.seed(base::as_text(passphrase.expose()));
    if (!seed) return give_up(seed.error());
    return std::move(*seed);
}

Outcome<void> write_out(std::string_view text) {
    while (!text.empty()) {
        const auto done = write(STDOUT_FILENO, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return give_up(Exit::failed, fmt::format("standard output: {}", std::strerror(errno)));
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

/// A secret goes to a file, a terminal, or where --show says that it may go.
Outcome<void> give_secret(const Context& context, const WordsOptions& options, const char* name,
                          std::string_view secret) {
    if (!options.file.empty()) {
        const auto written =
            base::write_file_atomic(options.file, base::as_bytes(secret), {.mode = 0600, .replace = false});
        if (!written) return give_up(written.error());
        if (context.json) print_json({{"file", options.file}});
        return {};
    }
    if (!options.show && isatty(STDOUT_FILENO) != 1) {
        return give_up(Exit::usage, fmt::format("standard output is not a terminal; --show prints the {} anyway, "
                                                "--out FILE keeps it private",
                                                name));
    }
    // Past the buffers of the library, which nobody wipes. The JSON is what print_json() would make of it.
    std::fflush(stdout);
    const auto before = context.json ? fmt::format("{{\n  \"schema\": \"{}\",\n  \"{}\": \"", kJsonSchema, name) : "";
    for (const auto part : {std::string_view{before}, secret, std::string_view{context.json ? "\"\n}\n" : "\n"}}) {
        GC_CHECK(write_out(part));
    }
    return {};
}

/// Hexadecimal digits in locked memory.
zcrypto::SecretBytes secret_hex(base::ByteView bytes) {
    zcrypto::SecretBytes out{2 * bytes.size()};
    constexpr std::string_view kDigits = "0123456789abcdef";
    auto at = out.expose_mutable().begin();
    for (const auto b : bytes) {
        *at++ = static_cast<std::byte>(kDigits[std::to_integer<std::size_t>(b >> 4)]);
        *at++ = static_cast<std::byte>(kDigits[std::to_integer<std::size_t>(b & std::byte{15})]);
    }
    return out;
}

Outcome<void> run_new(const Context& context, const WordsOptions& options) {
    GC_TRY(const auto language, language_of(options.language));
    const auto words = Mnemonic::generate(options.count, base::system_random(), language);
    if (!words) return give_up(Exit::usage, "a mnemonic has 12, 15, 18, 21 or 24 words");
    return give_secret(context, options, "words", words->phrase());
}

Outcome<void> run_check(const Context& context, const WordsOptions& options) {
    GC_TRY(const auto words, read_words(options));
    if (context.json)
        print_json({{"valid", true}, {"count", words.word_count()}});
    else
        fmt::print("{} words, checksum correct\n", words.word_count());
    return {};
}

Outcome<void> run_seed(const Context& context, const WordsOptions& options) {
    GC_TRY(const auto seed, seed_of(options));
    const auto text = secret_hex(seed.expose());
    return give_secret(context, options, "seed", base::as_text(text.expose()));
}

Outcome<zcrypto::SecretBytes> derivation_seed(const DeriveOptions& options) {
    if (!options.use_seed) {
        GC_TRY(const auto seed, seed_of(options.words));
        return zcrypto::SecretBytes::copy_of(seed.expose());
    }
    GC_TRY(const auto text, read_secret(options.seed, "Seed in hexadecimal", false));
    auto bytes = base::from_hex(base::as_text(text.expose()));
    if (!bytes) return give_up(Exit::usage, "the seed is not hexadecimal");
    auto seed = zcrypto::SecretBytes::copy_of(*bytes);
    zcrypto::secure_wipe(*bytes);
    return seed;
}

Outcome<void> run_derive(const Context& context, const DeriveOptions& options) {
    const auto path = zcrypto::DerivationPath::parse(options.path);
    if (!path)
        return give_up(Exit::usage, fmt::format("'{}' is no derivation path like m/44'/1337'/0'/0'", options.path));
    const auto type = key_type_by_name(options.curve);
    if (!type)
        return give_up(Exit::usage,
                       fmt::format("unknown curve '{}'; there are: ed25519 x25519 secp256k1", options.curve));
    using zcrypto::slip10::Curve;
    const auto curve = *type == KeyType::ed25519  ? Curve::ed25519
                       : *type == KeyType::x25519 ? Curve::curve25519
                                                  : Curve::secp256k1;
    GC_TRY(const auto seed, derivation_seed(options));
    auto node = zcrypto::slip10::derive(curve, seed.expose(), *path);
    if (!node) return give_up(node.error());
    PrivateKey key{*type, std::move(node->key)};
    GC_TRY(const auto public_key, public_key_of(key));
    if (!options.file.empty()) GC_CHECK(write_private_key(options.file, key));
    if (context.json) {
        nlohmann::json document{
            {"path", path->to_string()}, {"curve", options.curve}, {"public_key", base::to_hex(public_key.bytes)}};
        if (!options.file.empty()) document["file"] = options.file;
        print_json(std::move(document));
    } else {
        fmt::print("{}\n", base::to_hex(public_key.bytes));
    }
    return {};
}

template <typename Options>
int finish(const Context& context, const Options& options, Outcome<void> (*run)(const Context&, const Options&)) {
    const auto outcome = run(context, options);
    return outcome ? Exit::done : report(context, outcome.error());
}

}  // namespace

int words_new_command(const Context& context, const WordsOptions& options) { return finish(context, options, run_new); }
int words_check_command(const Context& context, const WordsOptions& options) {
    return finish(context, options, run_check);
}
int words_seed_command(const Context& context, const WordsOptions& options) {
    return finish(context, options, run_seed);
}
int derive_command(const Context& context, const DeriveOptions& options) {
    return finish(context, options, run_derive);
}

}  // namespace zcrypto_tool
