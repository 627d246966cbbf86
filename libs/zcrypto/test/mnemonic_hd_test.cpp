#include <set>

#include "vectors.hpp"
#include "zcrypto/hd.hpp"
#include "zcrypto/mnemonic.hpp"

namespace {

using namespace zcrypto;
using test::hex;

TEST(Mnemonic, BuiltInListIsThePublishedOne) {
    std::ifstream in{test::vector_path("bip39/english.txt")};
    ASSERT_TRUE(in) << "published vectors are absent: set GHOST_VECTORS";
    std::string word;
    std::size_t count = 0;
    while (in >> word) {
        ASSERT_LT(count, 2048u);
        EXPECT_EQ(mnemonic_word(count), word);
        EXPECT_EQ(mnemonic_index(word), static_cast<int>(count));
        ++count;
    }
    EXPECT_EQ(count, 2048u);
    test::report_count("bip39/english.txt", count);
    EXPECT_EQ(mnemonic_index("ghosts"), -1);
    EXPECT_EQ(mnemonic_index(""), -1);
}

TEST(Mnemonic, GivesThePublishedEnglishVectors) {
    const auto vectors = test::load_vectors("bip39/vectors.json");
    ASSERT_TRUE(vectors.contains("english"));
    std::size_t count = 0;
    for (const auto& test : vectors["english"]) {
        const auto entropy = hex(test[0].get<std::string>());
        const auto words = test[1].get<std::string>();
        const auto made = Mnemonic::from_entropy(entropy);
        ASSERT_TRUE(made);
        EXPECT_EQ(made->phrase(), words);
        const auto parsed = Mnemonic::parse(words);
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_TRUE(base::equal(parsed->entropy(), entropy));
        EXPECT_EQ(parsed->word_count(), static_cast<std::size_t>(std::ranges::count(words, ' ')) + 1);
        EXPECT_EQ(base::to_hex(parsed->seed("TREZOR").value().expose()), test[2].get<std::string>());
        ++count;
    }
    test::report_count("bip39/vectors.json (english)", count);
    std::printf("[ vectors  ] bip39/vectors.json: other languages not run, only the English list is built in\n");
}

TEST(Mnemonic, GeneratesAllLengthsAndDiffers) {
    std::set<std::string> seen;
    for (const std::size_t words : {12, 15, 18, 21, 24}) {
        const auto made = Mnemonic::generate(words, base::system_random());
        ASSERT_TRUE(made);
        EXPECT_EQ(made->word_count(), words);
        EXPECT_TRUE(Mnemonic::parse(made->phrase()));
        seen.emplace(made->phrase());
    }
    EXPECT_EQ(seen.size(), 5u);
    for (const std::size_t words : {0, 3, 9, 11, 13, 27, 33}) {
        EXPECT_TRUE(Mnemonic::generate(words, base::system_random()).error().is(Errc::bad_word_count)) << words;
    }
    EXPECT_TRUE(Mnemonic::from_entropy(base::Bytes(17)).error().is(Errc::bad_length));
}

constexpr std::string_view kWords = "legal winner thank year wave sausage worth useful legal winner thank yellow";

TEST(Mnemonic, ForgivesCaseAndWhiteSpace) {
    const auto parsed =
        Mnemonic::parse("  Legal WINNER\tthank\r\nyear wave sausage  worth useful legal winner thank yellow \n");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->phrase(), kWords);
}

TEST(Mnemonic, NamesTheWrongWordAndTheLikelyOne) {
    auto text = std::string{kWords};
    text.replace(text.find("wave"), 4, "wvae");
    const auto unknown = Mnemonic::parse(text);
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().error.is(Errc::unknown_word));
    EXPECT_NE(unknown.error().text.find("word 5 (\"wvae\")"), std::string::npos) << unknown.error().text;
    const auto typo = Mnemonic::parse("legla winner");
    EXPECT_NE(typo.error().text.find("did you mean \"legal\""), std::string::npos) << typo.error().text;
    const auto hostile = Mnemonic::parse("\x1b[2J");
    EXPECT_EQ(hostile.error().text.find('\x1b'), std::string::npos);
}

TEST(Mnemonic, RefusesSwappedWordsWrongCountsAndFloods) {
    const auto error_of = [](std::string_view text) { return Mnemonic::parse(text).error().error; };
    EXPECT_TRUE(
        error_of("winner legal thank year wave sausage worth useful legal winner thank yellow").is(Errc::bad_checksum));
    EXPECT_TRUE(error_of(kWords.substr(0, kWords.rfind(' '))).is(Errc::bad_word_count));
    EXPECT_TRUE(error_of("").is(Errc::bad_word_count));
    std::string many;
    for (int i = 0; i < 25; ++i) many += "zoo ";
    EXPECT_TRUE(error_of(many).is(Errc::bad_word_count));
    EXPECT_TRUE(error_of(std::string(1'000'000, ' ')).is(Errc::bad_word_count));
    EXPECT_TRUE(error_of(std::string(1000, 'a')).is(Errc::unknown_word));
}

TEST(Mnemonic, RefusesPassphrasesItCannotNormalise) {
    const auto parsed = Mnemonic::parse(kWords).value();
    EXPECT_TRUE(parsed.seed("caf\xc3\xa9").error().is(Errc::unsupported_text));
    EXPECT_TRUE(parsed.seed("line\n").error().is(Errc::unsupported_text));
    EXPECT_TRUE(parsed.seed(std::string(2000, 'x')).error().is(Errc::out_of_range));
    EXPECT_TRUE(parsed.seed("correct horse ~"));
}

TEST(Slip10, GivesThePublishedEd25519Vectors) {
    const auto vectors = test::load_vectors("slip10/slip10.json");
    std::size_t count = 0;
    for (const auto& vector : vectors) {
        if (vector["title"].get<std::string>().find("ed25519") == std::string::npos) continue;
        const auto seed = hex(vector["seed"].get<std::string>());
        for (const auto& chain : vector["chains"]) {
            const auto text = chain["path"].get<std::string>();
            const auto path = DerivationPath::parse(text);
            ASSERT_TRUE(path) << text;
            EXPECT_EQ(path->to_string(), text);
            const auto key = slip10_ed25519(seed, *path);
            ASSERT_TRUE(key) << text;
            EXPECT_EQ(base::to_hex(key->key.expose()), chain["private"].get<std::string>());
            EXPECT_EQ(base::to_hex(key->chain_code.expose()), chain["chain code"].get<std::string>());
            EXPECT_EQ("00" + base::to_hex(ed25519::public_key_of(key->key).bytes), chain["public"].get<std::string>());
            ++count;
        }
    }
    test::report_count("slip10/slip10.json (ed25519)", count);
}

TEST(DerivationPath, RefusesWhatIsNotAPath) {
    for (const char* const text : {"", "44'", "m/", "m//0", "m/0''", "m/2147483648", "m/-1", "m/+1", "m/ 1", "m/x",
                                   "mm", "m/0'/", "m0", "m/99999999999999999999"}) {
        EXPECT_TRUE(DerivationPath::parse(text).error().is(Errc::bad_path)) << text;
    }
    std::string deep = "m";
    for (int i = 0; i < 17; ++i) deep += "/0'";
    EXPECT_TRUE(DerivationPath::parse(deep).error().is(Errc::bad_path));
    EXPECT_EQ(DerivationPath::parse("m/44h/1337H/7'/0'")->to_string(), "m/44'/1337'/7'/0'");
    EXPECT_EQ(DerivationPath::ghost_account(7).to_string(), "m/44'/1337'/7'/0'");
}

TEST(Slip10, RefusesSoftStepsAndOddSeeds) {
    const base::Bytes seed(64);
    EXPECT_TRUE(slip10_ed25519(seed, DerivationPath::parse("m/44'/0").value()).error().is(Errc::not_hardened));
    EXPECT_TRUE(slip10_ed25519_master(base::Bytes(15)).error().is(Errc::bad_length));
    EXPECT_TRUE(slip10_ed25519_master(base::Bytes(65)).error().is(Errc::bad_length));
}

}  // namespace
