#include "zcrypto_tool/app.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "completion.hpp"

namespace zcrypto_tool {
namespace {

constexpr const char* kFooter = R"(
Examples:
  zcrypto hash big.iso                          BLAKE3; -a sha256 for another algorithm
  zcrypto hash *.tar > SUMS; zcrypto hash -c SUMS
  zcrypto keygen --out key.pem --public key.pub
  zcrypto sign --key key.pem --out note.sig note.txt
  zcrypto verify --key key.pub --signature note.sig note.txt
  zcrypto words new                             24 recovery words, on the terminal
  zcrypto derive "m/44'/1337'/0'/0'"            asks for the words, prints the public key
  zcrypto speed --only ed25519

Exit codes: 0 done, 1 failed (also: does not match, not valid), 2 usage.
Secrets come from the terminal, a descriptor or a private file; never from arguments or the environment.
Manual: man zcrypto)";

void add_secret(CLI::App& command, SecretSource& source, const std::string& name, const std::string& what) {
    auto* fd =
        command.add_option("--" + name + "-fd", source.fd, "Read " + what + " from this descriptor (first line)")
            ->check(CLI::Range(0, 1 << 20))
            ->type_name("N");
    command.add_option("--" + name + "-file", source.file, "Read " + what + " from this file (mode 0600, first line)")
        ->type_name("FILE")
        ->excludes(fd);
}

/// What the parser fills; lives as long as the parse.
struct Parsed {
    Context context;
    HashOptions hash;
    KeygenOptions keygen;
    SignOptions sign;
    VerifyOptions verify;
    WordsOptions words;
    DeriveOptions derive;
    SpeedOptions speed;
    std::string shell;
    std::function<int()> run;
};

CLI::App* add(CLI::App& parent, Parsed& parsed, const char* name, const char* text, std::function<int()> run) {
    auto* const command = parent.add_subcommand(name, text);
    command->callback([&parsed, run = std::move(run)] { parsed.run = run; });
    return command;
}

void add_hash(CLI::App& app, Parsed& p) {
    auto* const command = add(app, p, "hash", "Hash files or standard input; check lists of hashes",
                              [&p] { return hash_command(p.context, p.hash); });
    command->add_option("files", p.hash.files, "Files; - or none is standard input")->type_name("FILE");
    command->add_option("-a,--algorithm", p.hash.algorithm,
                        "blake3, sha256, sha512, sha3-256, sha3-512, keccak256, blake2b, blake2b-256");
    command->add_flag("-c,--check", p.hash.check, "Read checksums from the files and check them");
    command->add_flag("--tag", p.hash.tag, "Write lines that name their algorithm");
    command->add_flag("--quiet", p.hash.quiet, "With --check: say nothing of files that match");
    command->add_flag("--strict", p.hash.strict, "With --check: fail on malformed lines (always for blake3)");
}

void add_keys(CLI::App& app, Parsed& p) {
    auto* command = add(app, p, "keygen", "Make a key pair; prints the public key",
                        [&p] { return keygen_command(p.context, p.keygen); });
    command->add_option("--out", p.keygen.file, "Private key (PKCS#8 PEM, mode 0600); must not exist")
        ->required()
        ->type_name("FILE");
    command->add_option("--public", p.keygen.public_file, "Public key (PEM)")->type_name("FILE");
    command->add_option("-a,--algorithm", p.keygen.algorithm, "ed25519 (default), x25519, secp256k1");

    command = add(app, p, "sign", "Sign a file or standard input", [&p] { return sign_command(p.context, p.sign); });
    command->add_option("--key", p.sign.key_file, "Private key file")->required()->type_name("FILE");
    command->add_option("--out", p.sign.signature_file, "Write the 64 raw bytes here instead of hexadecimal")
        ->type_name("FILE");
    command->add_option("message", p.sign.message, "File; - is standard input")->type_name("FILE");

    command = add(app, p, "verify", "Verify a signature", [&p] { return verify_command(p.context, p.verify); });
    command->add_option("--key", p.verify.key, "Public key: PEM file or hexadecimal")->required();
    command->add_option("--signature", p.verify.signature, "Signature: file or hexadecimal")->required();
    command->add_flag("--strict", p.verify.strict, "Ed25519: refuse small-order keys and odd encodings too");
    command->add_option("message", p.verify.message, "File; - is standard input")->type_name("FILE");
}

void add_word_sources(CLI::App& command, WordsOptions& words) {
    add_secret(command, words.words, "words", "the words");
    command.add_option("--language", words.language, "english (default), french, japanese, …");
}

void add_passphrase(CLI::App& command, WordsOptions& words) {
    add_secret(command, words.passphrase, "passphrase", "the BIP-39 passphrase");
    command.add_flag("--passphrase", words.ask_passphrase, "Ask for a BIP-39 passphrase on the terminal");
}

void add_words(CLI::App& app, Parsed& p) {
    auto* const words = app.add_subcommand("words", "Recovery words (BIP-39)");
    words->require_subcommand(1);
    auto* command = add(*words, p, "new", "Make new words", [&p] { return words_new_command(p.context, p.words); });
    command->add_option("--count", p.words.count, "12, 15, 18, 21 or 24 (default)");
    command->add_option("--language", p.words.language, "english (default), french, japanese, …");
    command->add_option("--out", p.words.file, "Write them here (mode 0600); must not exist")->type_name("FILE");
    command->add_flag("--show", p.words.show, "Print them although standard output is no terminal");

    command = add(*words, p, "check", "Say whether words belong together",
                  [&p] { return words_check_command(p.context, p.words); });
    add_word_sources(*command, p.words);

    command =
        add(*words, p, "seed", "The 64-byte seed of words", [&p] { return words_seed_command(p.context, p.words); });
    add_word_sources(*command, p.words);
    add_passphrase(*command, p.words);
    command->add_option("--out", p.words.file, "Write it here (mode 0600); must not exist")->type_name("FILE");
    command->add_flag("--show", p.words.show, "Print it although standard output is no terminal");
}

void add_derive(CLI::App& app, Parsed& p) {
    auto* const command =
        add(app, p, "derive", "Derive a key from words or a seed (SLIP-0010); prints the public key", [&p] {
            p.derive.use_seed = p.derive.seed.fd >= 0 || !p.derive.seed.file.empty();
            return derive_command(p.context, p.derive);
        });
    command->add_option("path", p.derive.path, "m/44'/1337'/0'/0'")->required();
    command->add_option("--curve", p.derive.curve, "ed25519 (default), x25519, secp256k1");
    command->add_option("--out", p.derive.file, "Private key (PKCS#8 PEM, mode 0600); must not exist")
        ->type_name("FILE");
    add_word_sources(*command, p.derive.words);
    add_passphrase(*command, p.derive.words);
    add_secret(*command, p.derive.seed, "seed", "the seed in hexadecimal");
}

}  // namespace

int run(int argc, char** argv) {
    Parsed p;
    CLI::App app{"Hashes, keys, signatures and recovery words with GhostChain's primitives.", "zcrypto"};
    app.footer(kFooter);
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", "zcrypto " ZCRYPTO_VERSION);
    app.add_flag("--json", p.context.json, "One JSON document on standard output");
    add_hash(app, p);
    add_keys(app, p);
    add_words(app, p);
    add_derive(app, p);
    auto* const speed = add(app, p, "speed", "Measure beside libsodium, OpenSSL and the official BLAKE3",
                            [&p] { return speed_command(p.context, p.speed); });
    speed->add_option("--only", p.speed.only, "Rows whose name holds this")->type_name("NAME");
    speed->add_option("--seconds", p.speed.seconds, "For each side of each row")->check(CLI::Range(0.001, 60.0));
    auto* const completion = add(app, p, "completion", "Print a completion script", [&p, &app]() -> int {
        const auto script = completion_script(app, p.shell);
        if (!script) return report(p.context, {Exit::usage, "there are completions for bash, zsh and fish"});
        std::fputs(script->c_str(), stdout);
        return Exit::done;
    });
    completion->add_option("shell", p.shell, "bash, zsh or fish")->required();

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? Exit::done : Exit::usage;
    }
    const int code = p.run();
    // A full disk or a closed pipe must not look like success.
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? code : static_cast<int>(Exit::failed);
}

}  // namespace zcrypto_tool
