#pragma once
// The commands. Each returns an exit code and has printed what there is to say.

#include <cstdint>
#include <string>
#include <vector>

#include "common.hpp"

namespace zcrypto_tool {

struct HashOptions {
    std::string algorithm = "blake3";
    std::vector<std::string> files;  ///< Empty: standard input.
    bool check = false;              ///< The files hold checksum lines.
    bool tag = false;
    bool quiet = false;  ///< With check: only what is wrong.
    bool strict = false;
};
int hash_command(const Context& context, const HashOptions& options);

struct KeygenOptions {
    std::string algorithm = "ed25519";
    std::string file;         ///< Private key, PKCS#8 PEM, mode 0600; must not exist.
    std::string public_file;  ///< Public key, PEM; optional.
};
int keygen_command(const Context& context, const KeygenOptions& options);

struct SignOptions {
    std::string key_file;
    std::string message = "-";
    std::string signature_file;  ///< 64 raw bytes; empty: hexadecimal on standard output.
};
int sign_command(const Context& context, const SignOptions& options);

struct VerifyOptions {
    std::string key;        ///< PEM file, or hexadecimal.
    std::string signature;  ///< File of 64 raw bytes or hexadecimal, or hexadecimal itself.
    std::string message = "-";
    bool strict = false;
};
int verify_command(const Context& context, const VerifyOptions& options);

struct WordsOptions {
    unsigned count = 24;
    std::string language = "english";
    std::string file;  ///< Where new words go, mode 0600; empty: the terminal.
    bool show = false;
    SecretSource words;
    SecretSource passphrase;
    bool ask_passphrase = false;
};
int words_new_command(const Context& context, const WordsOptions& options);
int words_check_command(const Context& context, const WordsOptions& options);
int words_seed_command(const Context& context, const WordsOptions& options);

struct DeriveOptions {
    std::string path;
    std::string curve = "ed25519";
    WordsOptions words;
    SecretSource seed;      ///< Hexadecimal, instead of words.
    std::string file;       ///< Private key, PEM.
    bool use_seed = false;  ///< A source for the seed was named.
};
int derive_command(const Context& context, const DeriveOptions& options);

struct SpeedOptions {
    std::string only;
    double seconds = 0.2;  ///< For each side of each row.
};
int speed_command(const Context& context, const SpeedOptions& options);

}  // namespace zcrypto_tool
