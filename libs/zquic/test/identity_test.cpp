#include <sys/stat.h>

#include <fstream>

#include "support.hpp"

namespace zquic::test {
namespace {

TEST(Identity, HasTheRfc8032KeyOfItsSeed) {
    // RFC 8032 section 7.1, test 1.
    const auto seed =
        must(base::fixed_from_hex<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    const auto made = must(Identity::from_seed(seed));
    ASSERT_TRUE(made.public_key());
    EXPECT_EQ(base::to_hex(*made.public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST(Identity, GivesItsSeedForOtherSignatures) {
    const auto seed = must(Identity::generate()).seed();
    ASSERT_TRUE(seed);
    const auto again = must(Identity::from_seed(*seed));
    EXPECT_EQ(must(again.seed()), *seed);
    EXPECT_TRUE(must(Identity::generate_p256("localhost")).seed().error().is(Errc::bad_key));
}

TEST(Identity, IsTheSameForTheSameSeed) {
    EXPECT_EQ(must(identity(7).certificate_sha256()), must(identity(7).certificate_sha256()));
    EXPECT_NE(must(identity(7).certificate_sha256()), must(identity(8).certificate_sha256()));
}

TEST(Identity, SurvivesSavingAndLoadingInAPrivateFile) {
    const TempFolder folder;
    const auto made = must(Identity::generate());
    ASSERT_TRUE(made.save(folder.file("key.pem")));
    struct stat info{};
    ASSERT_EQ(::stat(folder.file("key.pem").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto loaded = must(Identity::load(folder.file("key.pem")));
    EXPECT_EQ(*loaded.public_key(), *made.public_key());
    EXPECT_EQ(must(loaded.certificate_sha256()), must(made.certificate_sha256()));
}

TEST(Identity, DoesNotOverwriteAFile) {
    const TempFolder folder;
    ASSERT_TRUE(identity(1).save(folder.file("key.pem")));
    const auto again = identity(2).save(folder.file("key.pem"));
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().error.is(base::Errc::already_exists));
    EXPECT_EQ(*must(Identity::load(folder.file("key.pem"))).public_key(), *identity(1).public_key());
}

TEST(Identity, RefusesAKeyFileThatOthersCanRead) {
    const TempFolder folder;
    ASSERT_TRUE(identity(1).save(folder.file("key.pem")));
    ASSERT_EQ(::chmod(folder.file("key.pem").c_str(), 0644), 0);
    const auto loaded = Identity::load(folder.file("key.pem"));
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().text.find("key.pem"), std::string::npos);
}

TEST(Identity, RefusesGarbageAndNamesTheFile) {
    const TempFolder folder;
    {
        std::ofstream{folder.file("key.pem")} << "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    }
    ASSERT_EQ(::chmod(folder.file("key.pem").c_str(), 0600), 0);
    const auto loaded = Identity::load(folder.file("key.pem"));
    ASSERT_FALSE(loaded);
    EXPECT_TRUE(loaded.error().error.is(Errc::bad_key));
    EXPECT_NE(loaded.error().text.find("key.pem"), std::string::npos);
    EXPECT_FALSE(Identity::load(folder.file("missing.pem")));
}

TEST(Identity, LoadsChainAndKeyFromFilesAndNoticesAForeignKey) {
    const TempFolder folder;
    const auto p256 = must(Identity::generate_p256("localhost"));
    const auto other = must(Identity::generate_p256("localhost"));
    std::ofstream{folder.file("cert.pem")} << must(p256.certificate_pem());
    std::ofstream{folder.file("key.pem")} << must(p256.private_key_pem());
    std::ofstream{folder.file("other.pem")} << must(other.private_key_pem());
    const auto loaded = must(Identity::from_files(folder.file("cert.pem"), folder.file("key.pem")));
    EXPECT_FALSE(loaded.public_key());
    EXPECT_EQ(must(loaded.certificate_sha256()), must(p256.certificate_sha256()));
    const auto foreign = Identity::from_files(folder.file("cert.pem"), folder.file("other.pem"));
    ASSERT_FALSE(foreign);
    EXPECT_TRUE(foreign.error().error.is(Errc::bad_certificate));
    EXPECT_FALSE(Identity::from_files(folder.file("key.pem"), folder.file("key.pem")));
}

}  // namespace
}  // namespace zquic::test
