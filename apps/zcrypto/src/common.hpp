#pragma once
// What the commands share: failures, output, secrets from outside.

#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "zcrypto/secret.hpp"
#include "zcrypto_tool/app.hpp"

namespace zcrypto_tool {

/// For a person: what is wrong and what to do. The exit code goes with it.
struct Failure {
    Exit code;
    std::string text;
};
template <typename T>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> give_up(Exit code, std::string text) {
    return std::unexpected{Failure{code, std::move(text)}};
}
/// An error of a library as a failure.
inline std::unexpected<Failure> give_up(const base::Error& error) {
    return give_up(Exit::failed, base::to_string(error));
}
inline std::unexpected<Failure> give_up(const base::Diagnostic& diagnostic) {
    return give_up(Exit::failed, diagnostic.text);
}

struct Context {
    bool json = false;
};

inline constexpr std::string_view kJsonSchema = "zcrypto/1";
/// One document on standard output, with "schema":"zcrypto/1".
void print_json(nlohmann::json document);
/// Prints what went wrong (to standard error, or as JSON to standard output) and returns its exit code.
int report(const Context& context, const Failure& failure);

/// Where a secret comes from: --X-fd N, --X-file FILE, else the terminal without echo. Never arguments or environment.
struct SecretSource {
    int fd = -1;
    std::string file;
};
inline constexpr std::size_t kSecretMax = 4096;
/// The first line, without its end, in locked memory. `prompt` is shown on a terminal.
Outcome<zcrypto::SecretBytes> read_secret(const SecretSource& source, const std::string& prompt, bool may_be_empty);

/// A whole input file, "-" for standard input, at most `size_max` bytes.
Outcome<base::Bytes> read_input(const std::string& path, std::size_t size_max);

}  // namespace zcrypto_tool
