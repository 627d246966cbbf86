// The real program beside the real programs that do the same.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace {

struct Ran {
    int code = -1;
    std::string out;
};

/// A shell line; $Z is the program. Standard error goes with standard output where the line says so.
Ran sh(const std::string& line) {
    const auto full = "Z='" ZCRYPTO_PROGRAM "'; export LC_ALL=C; " + line;
    Ran ran;
    FILE* const pipe = popen(full.c_str(), "r");
    if (!pipe) return ran;
    std::array<char, 4096> piece{};
    for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;)
        ran.out.append(piece.data(), got);
    const int status = pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ran;
}
bool have(const std::string& program) { return sh("command -v " + program + " >/dev/null").code == 0; }

/// A folder of its own for each test, which is also where the shell runs.
class Zcrypto : public testing::Test {
 protected:
    Zcrypto() {
        std::string name = (std::filesystem::temp_directory_path() / "zcrypto-test-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        std::filesystem::current_path(folder_);
        write("abc", "abc");
        write("empty", "");
        write("two words", std::string(100'000, 'x'));
        write("big", std::string(3'000'000, 'y'));
        write("line\nfeed\\", "odd");
    }
    ~Zcrypto() override {
        std::filesystem::current_path(std::filesystem::temp_directory_path());
        std::filesystem::remove_all(folder_);
    }
    static void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
        std::ofstream{name, std::ios::binary} << text;
        chmod(name.c_str(), mode);
    }

    std::filesystem::path folder_;
};

const std::string kWords =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

TEST_F(Zcrypto, HashesAsTheOldToolsDo) {
    for (const auto& [algorithm, tool] : {std::pair{"sha256", "sha256sum"}, std::pair{"sha512", "sha512sum"},
                                          std::pair{"blake2b", "b2sum"}, std::pair{"blake3", "b3sum"}}) {
        if (!have(tool)) {
            ADD_FAILURE() << tool << " is not installed: the comparison with it did not run";
            continue;
        }
        const std::string ours = std::string{"$Z hash -a "} + algorithm;
        EXPECT_EQ(sh(ours + " *").out, sh(std::string{tool} + " *").out);
        EXPECT_EQ(sh(ours + " < big").out, sh(std::string{tool} + " < big | sed 's/$/  -/; s/  -  -/  -/'").out);
        // Each checks the other's list.
        EXPECT_EQ(sh(std::string{tool} + " * > .sums; " + ours + " -c .sums").code, 0);
        EXPECT_EQ(sh(ours + " abc empty big > .sums; " + tool + " -c .sums > /dev/null").code, 0);
        const std::string spoil = "; echo changed > abc; rm empty; ";
        const auto theirs = sh(fmt::format("{} abc empty big > .sums{}{} -c .sums 2>/dev/null", ours, spoil, tool));
        const auto checked = sh(ours + " -c .sums 2>/dev/null");
        EXPECT_EQ(checked.code, 1);
        EXPECT_EQ(theirs.code, 1);
        EXPECT_EQ(checked.out, "abc: FAILED\nempty: FAILED open or read\nbig: OK\n");
        EXPECT_EQ(sh(ours + " -c --quiet .sums 2>/dev/null").out, "abc: FAILED\nempty: FAILED open or read\n");
        write("abc", "abc");
        write("empty", "");
    }
    EXPECT_EQ(sh("$Z hash -a sha256 --tag abc").out, sh("sha256sum --tag abc").out);
    EXPECT_EQ(sh("sha256sum --tag abc > .sums; $Z hash -c .sums").out, "abc: OK\n");
    EXPECT_EQ(sh("$Z hash -a sha3-256 abc | cut -d' ' -f1").out,
              sh("openssl dgst -sha3-256 -r abc | cut -d' ' -f1").out);
    EXPECT_EQ(sh("printf '' | $Z hash -a keccak256").out,
              "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470  -\n");
}

TEST_F(Zcrypto, MalformedListsAndMissingFilesFail) {
    EXPECT_EQ(sh("$Z hash nowhere 2>/dev/null").code, 1);
    EXPECT_EQ(sh("$Z hash -c nowhere 2>/dev/null").code, 1);
    EXPECT_EQ(sh("echo nonsense > SUMS; $Z hash -c SUMS 2>/dev/null").code, 1);
    EXPECT_EQ(sh("($Z hash abc; echo nonsense) > SUMS; $Z hash -c SUMS 2>/dev/null").code, 1) << "as b3sum";
    EXPECT_EQ(sh("($Z hash -a sha256 abc; echo nonsense) > SUMS; $Z hash -a sha256 -c SUMS 2>/dev/null").code, 0);
    EXPECT_EQ(sh("$Z hash -a sha256 --strict -c SUMS 2>/dev/null").code, 1);
    EXPECT_EQ(sh("$Z hash -a md5 abc 2>/dev/null").code, 2);
    EXPECT_EQ(sh("$Z nonsense 2>/dev/null").code, 2);
    EXPECT_EQ(sh("$Z 2>/dev/null").code, 2);
    EXPECT_EQ(sh("$Z hash abc > /dev/full 2>/dev/null").code, 1) << "a full disk is no success";
}

TEST_F(Zcrypto, EachListThatSaysNothingFailsAndIsNamed) {
    EXPECT_EQ(sh("$Z hash abc > GOOD; echo nonsense > BAD; : > EMPTY; $Z hash -c GOOD 2>&1").code, 0);
    const auto bad = sh("$Z hash -a sha256 abc > GOOD; $Z hash -a sha256 -c BAD GOOD 2>&1");
    EXPECT_EQ(bad.code, 1);
    EXPECT_NE(bad.out.find("zcrypto: BAD: no properly formatted checksum lines found\n"), std::string::npos) << bad.out;
    EXPECT_NE(bad.out.find("abc: OK\n"), std::string::npos) << "the other list is checked all the same";
    const auto empty = sh("$Z hash -a sha256 -c GOOD EMPTY 2>&1");
    EXPECT_EQ(empty.code, 1);
    EXPECT_NE(empty.out.find("zcrypto: EMPTY: no properly formatted"), std::string::npos) << empty.out;
    const auto missing = sh("$Z hash -a sha256 -c nowhere GOOD 2>&1");
    EXPECT_EQ(missing.code, 1);
    EXPECT_NE(missing.out.find("abc: OK\n"), std::string::npos) << missing.out;
    EXPECT_NE(missing.out.find("zcrypto: nowhere: "), std::string::npos) << missing.out;
    const auto json = nlohmann::json::parse(sh("$Z --json hash -a sha256 -c BAD nowhere GOOD").out);
    EXPECT_EQ(json["ok"], false);
    EXPECT_EQ(json["matched"], 1);
    EXPECT_EQ(json["bad_lists"][0]["list"], "BAD");
    EXPECT_EQ(json["bad_lists"][1]["list"], "nowhere");
}

TEST_F(Zcrypto, NoFileCanBeNamedToLookLikeAVerdict) {
    const std::string forged = "x: FAILED\nabc: OK\nx";
    write(forged, "something");
    ASSERT_EQ(sh("$Z hash x*x > LIST; for f in x*x; do echo changed > \"$f\"; done").code, 0);
    const auto checked = sh("$Z hash -c LIST 2>/dev/null");
    EXPECT_EQ(checked.code, 1);
    EXPECT_EQ(checked.out, "\\x: FAILED\\nabc: OK\\nx: FAILED\n");
    EXPECT_EQ(sh("rm x*x; $Z hash -c LIST 2>&1 >/dev/null | head -n1").out.find("zcrypto: \\x: FAILED\\nabc: OK\\nx: "),
              0u);
    EXPECT_EQ(sh("$Z hash \"$(printf 'a\\033[2Jb')\" 2>&1").out, "zcrypto: \\a\\x1b[2Jb: No such file or directory\n");
    EXPECT_EQ(sh("$Z sign --key \"$(printf 'a\\033[2Jb')\" abc 2>&1").out.find('\033'), std::string::npos);
}

TEST_F(Zcrypto, KeysAndSignaturesAreThoseOfOpenssl) {
    ASSERT_EQ(sh("$Z keygen --out key.pem --public key.pub > hex").code, 0);
    EXPECT_EQ(sh("stat -c %a key.pem").out, "600\n");
    EXPECT_EQ(sh("openssl pkey -in key.pem -pubout").out, sh("cat key.pub").out);
    ASSERT_EQ(sh("$Z sign --key key.pem --out sig 'two words'").code, 0);
    EXPECT_EQ(sh("openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in 'two words' -sigfile sig 2>&1").code, 0);
    ASSERT_EQ(sh("openssl pkeyutl -sign -inkey key.pem -rawin -in abc -out theirs").code, 0);
    EXPECT_EQ(sh("$Z verify --key key.pub --signature theirs abc").out, "valid\n");
    EXPECT_EQ(sh("$Z verify --strict --key $(cat hex) --signature $($Z sign --key key.pem < abc) < abc").out,
              "valid\n");
    EXPECT_EQ(sh("$Z verify --key key.pub --signature sig abc").out, "INVALID\n");
    EXPECT_EQ(sh("$Z verify --key key.pub --signature sig abc").code, 1);
    EXPECT_EQ(sh("openssl genpkey -algorithm ed25519 -out other.pem 2>/dev/null; chmod 600 other.pem; "
                 "$Z sign --key other.pem abc")
                  .code,
              0);

    EXPECT_EQ(sh("$Z keygen --out key.pem 2>/dev/null").code, 1) << "an existing key is never replaced";
    EXPECT_EQ(sh("chmod 644 key.pem; $Z sign --key key.pem abc 2>/dev/null").code, 2) << "a key that others can read";
    EXPECT_EQ(sh("$Z verify --key abc --signature sig abc 2>/dev/null").code, 1);

    for (const std::string type : {"x25519", "secp256k1"}) {
        ASSERT_EQ(sh(fmt::format("$Z keygen -a {0} --out {0}.pem --public {0}.pub", type)).code, 0);
        const std::string form = type == "secp256k1" ? " -ec_conv_form compressed" : "";
        EXPECT_EQ(sh(fmt::format("openssl pkey -in {}.pem -pubout{}", type, form)).out, sh("cat " + type + ".pub").out);
    }
    ASSERT_EQ(sh("$Z sign --key secp256k1.pem --out sig abc").code, 0);
    EXPECT_EQ(sh("$Z verify --key secp256k1.pub --signature sig abc").code, 0);
    EXPECT_EQ(sh("openssl ecparam -name secp256k1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt > ec.pem; "
                 "chmod 600 ec.pem; $Z sign --key ec.pem abc > ec.sig; "
                 "openssl pkey -in ec.pem -pubout -ec_conv_form compressed > ec.pub; "
                 "$Z verify --key ec.pub --signature ec.sig abc")
                  .out,
              "valid\n");
    EXPECT_EQ(sh("$Z sign --key x25519.pem abc 2>/dev/null").code, 2);
}

TEST_F(Zcrypto, WordsAndDerivationGiveThePublishedValues) {
    write("words", kWords + "\n", 0600);
    write("passphrase", "TREZOR\n", 0600);
    EXPECT_EQ(sh("$Z words check --words-file words").out, "12 words, checksum correct\n");
    EXPECT_EQ(
        sh("$Z words seed --words-file words --passphrase-file passphrase --show").out,
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c8"
        "1b2f001698e7463b04\n");
    EXPECT_EQ(sh("cat words passphrase > both; $Z words seed --words-fd 3 --passphrase-fd 3 --show 3< both").out,
              sh("$Z words seed --words-file words --passphrase-file passphrase --show").out);
    // SLIP-0010, test vector 1 for ed25519: m/0'/1'.
    write("seed", "000102030405060708090a0b0c0d0e0f", 0600);
    EXPECT_EQ(sh("$Z derive \"m/0'/1'\" --seed-file seed").out,
              "1932a5270f335bed617d5b935c80aedb1a35bd9fc1e31acafd5372c30f5c1187\n");
    EXPECT_EQ(sh("$Z derive \"m/0'/1\" --curve secp256k1 --seed-file seed").out,
              "03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c\n");
    ASSERT_EQ(sh("$Z derive \"m/44'/1337'/0'/0'\" --words-file words --out derived.pem > hex").code, 0);
    EXPECT_EQ(sh("$Z verify --key $(cat hex) --signature $($Z sign --key derived.pem abc) abc").code, 0);
}

TEST_F(Zcrypto, SecretsDoNotGoWhereNobodyAskedForThem) {
    EXPECT_EQ(sh("$Z words new 2>/dev/null").code, 2) << "a pipe is no terminal";
    EXPECT_EQ(sh("$Z words new 2>/dev/null").out, "");
    EXPECT_EQ(sh("$Z words new --out new && stat -c %a new").out, "600\n");
    EXPECT_EQ(sh("$Z words check --words-file new").out, "24 words, checksum correct\n");
    EXPECT_EQ(sh("$Z words new --count 12 --show | wc -w").out, "12\n");
    EXPECT_EQ(sh("$Z words new --count 13 --show 2>/dev/null").code, 2);
    EXPECT_EQ(sh("chmod 644 new; $Z words check --words-file new 2>/dev/null").code, 2);
    EXPECT_EQ(sh("setsid $Z words check 2>&1 </dev/null").code, 2) << "no terminal to ask on";
    write("wrong", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon\n",
          0600);
    EXPECT_EQ(sh("$Z words check --words-file wrong 2>/dev/null").code, 1);
}

TEST_F(Zcrypto, EveryCommandSpeaksJson) {
    const auto json = [](const std::string& line) {
        const auto ran = sh(line);
        auto document = nlohmann::json::parse(ran.out, nullptr, false);
        EXPECT_FALSE(document.is_discarded()) << line << "\n" << ran.out;
        EXPECT_EQ(document.value("schema", ""), "zcrypto/1") << line;
        return document;
    };
    EXPECT_EQ(json("$Z hash --json abc")["files"][0]["file"], "abc");
    EXPECT_EQ(json("$Z hash abc > SUMS; $Z --json hash -c SUMS")["ok"], true);
    EXPECT_EQ(json("$Z keygen --json --out k")["algorithm"], "ed25519");
    EXPECT_EQ(json("$Z sign --json --key k abc")["signature"].get<std::string>().size(), 128u);
    EXPECT_EQ(json("$Z verify --json --key $(openssl pkey -in k -pubout -outform DER | tail -c 32 | od -An -tx1 | tr "
                   "-d ' \\n') "
                   "--signature $($Z sign --key k abc) abc")["valid"],
              true);
    write("words", kWords, 0600);
    EXPECT_EQ(json("$Z words check --json --words-file words")["count"], 12);
    EXPECT_EQ(json("$Z words seed --json --show --words-file words")["seed"].get<std::string>().size(), 128u);
    EXPECT_EQ(json("$Z words new --json --show")["words"].get<std::string>().find('"'), std::string::npos);
    EXPECT_EQ(json("$Z derive \"m/0'\" --json --words-file words")["curve"], "ed25519");
    EXPECT_EQ(json("$Z words check --json --words-file abc")["exit_code"], 2);
    EXPECT_GT(json("$Z speed --json --only blake3_64 --seconds 0.001")["rows"][0]["ratio"], 0.0);
}

TEST_F(Zcrypto, HelpHasExamplesAndCompletionsKnowTheCommands) {
    const auto help = sh("$Z --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.out.find("Examples:"), std::string::npos);
    EXPECT_EQ(sh("$Z completion tcsh 2>/dev/null").code, 2);
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        EXPECT_NE(sh("$Z completion " + shell).out.find("keygen"), std::string::npos);
    }
    EXPECT_EQ(sh("bash -c 'eval \"$('$Z' completion bash)\"; COMP_WORDS=(zcrypto words ch); COMP_CWORD=2; _zcrypto; "
                 "echo ${COMPREPLY[@]}'")
                  .out,
              "check\n");
    EXPECT_EQ(sh("bash -c 'eval \"$('$Z' completion bash)\"; COMP_WORDS=(zcrypto sign --k); COMP_CWORD=2; _zcrypto; "
                 "echo ${COMPREPLY[@]}'")
                  .out,
              "--key\n");
}

}  // namespace
