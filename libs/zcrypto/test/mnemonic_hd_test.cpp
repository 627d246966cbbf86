#include <algorithm>
#include <set>

#include "vectors.hpp"
#include "zcrypto/hd.hpp"
#include "zcrypto/mnemonic.hpp"

namespace {

using namespace zcrypto;
using test::hex;

TEST(Mnemonic, BuiltInListIsThePublishedOne) {
    GHOST_NEEDS_VECTORS();
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
    GHOST_NEEDS_VECTORS();
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
}

TEST(Mnemonic, GivesThePublishedVectorsOfAllLists) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("bip39/vectors.json");
    test::Tally tally;
    std::size_t total = 0;
    for (const auto& [name, tests] : vectors.items()) {
        total += tests.size();
        const auto language = language_by_name(name);
        if (!language) {
            tally.skipped[name + " (not among the lists of BIP-39)"] += tests.size();
            continue;
        }
        for (const auto& test : tests) {
            SCOPED_TRACE(name);
            const auto words = test[1].get<std::string>();
            const auto parsed = Mnemonic::parse(words, *language);
            ASSERT_TRUE(parsed) << parsed.error().text;
            EXPECT_EQ(base::to_hex(parsed->entropy()), test[0].get<std::string>());
            EXPECT_EQ(base::to_hex(parsed->seed("TREZOR").value().expose()), test[2].get<std::string>());
            const auto made = Mnemonic::from_entropy(hex(test[0].get<std::string>()), *language);
            EXPECT_EQ(made->phrase(), parsed->phrase());
            EXPECT_EQ(made->language(), *language);
            const auto languages = Mnemonic::detect(words);
            EXPECT_NE(std::ranges::find(languages, *language), languages.end());
            ++tally.checked;
        }
    }
    test::report_tally("bip39/vectors.json (all languages)", tally, total);
}

TEST(Mnemonic, EveryListHasItsWords) {
    for (const auto language : kLanguages) {
        EXPECT_EQ(language_by_name(language_name(language)), language);
        std::set<std::string_view> seen;
        for (std::size_t i = 0; i < 2048; ++i) {
            const auto word = mnemonic_word(i, language);
            EXPECT_TRUE(seen.insert(word).second) << word;
            EXPECT_EQ(mnemonic_index(word, language), static_cast<int>(i)) << word;
        }
    }
    EXPECT_FALSE(language_by_name("klingon"));
}

TEST(Mnemonic, TakesComposedAndDecomposedLettersAlike) {
    const auto made = Mnemonic::from_entropy(base::Bytes(16), Language::spanish).value();
    std::string composed{made.phrase()}, upper{made.phrase()};
    for (auto at = composed.find("a\xcc\x81"); at != std::string::npos; at = composed.find("a\xcc\x81")) {
        composed.replace(at, 3, "\xc3\xa1");
        upper.replace(upper.find("a\xcc\x81"), 3, "\xc3\x81");
    }
    EXPECT_NE(composed, made.phrase());
    EXPECT_EQ(Mnemonic::parse(composed, Language::spanish)->phrase(), made.phrase());
    EXPECT_EQ(Mnemonic::parse(upper, Language::spanish)->phrase(), made.phrase());
    EXPECT_TRUE(Mnemonic::parse("\xff\xfe", Language::spanish).error().error.is(Errc::unsupported_text));
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

TEST(Mnemonic, NormalisesPassphrasesAndRefusesWhatItCannot) {
    const auto parsed = Mnemonic::parse(kWords).value();
    const auto seed = [&](std::string_view passphrase) { return base::to_hex(parsed.seed(passphrase)->expose()); };
    EXPECT_EQ(seed("caf\xc3\xa9"), seed("cafe\xcc\x81"));  // Composed and decomposed.
    EXPECT_EQ(seed("\xef\xac\x81"), seed("fi"));           // The ligature is compatible with its letters.
    EXPECT_NE(seed("caf\xc3\xa9"), seed("cafe"));
    EXPECT_EQ(seed("\xef\xb7\xba\xef\xb7\xba"), seed("\xef\xb7\xba\xef\xb7\xba"));  // The longest decomposition.
    for (const std::string_view bad : {"line\n", "\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xcd\xb8", "\xc2\x85"}) {
        EXPECT_TRUE(parsed.seed(bad).error().is(Errc::unsupported_text)) << base::to_hex(base::as_bytes(bad));
    }
    EXPECT_TRUE(parsed.seed(std::string(2000, 'x')).error().is(Errc::out_of_range));
    EXPECT_TRUE(parsed.seed("correct horse ~"));
}

TEST(Slip10, GivesThePublishedEd25519Vectors) {
    GHOST_NEEDS_VECTORS();
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
