#include "enoc/home.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

class Home : public ::testing::Test {
 protected:
    void SetUp() override {
        char name[] = "/tmp/enoc_home_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        root_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string root_;
};

TEST_F(Home, KeepsIdentitiesUntilFreshIsAskedFor) {
    const enoc::HomeLayout layout{root_ + "/net"};
    ASSERT_TRUE(enoc::prepare_home(layout, false));
    const auto first = enoc::ensure_identity(layout.owner.cli_identity);
    ASSERT_TRUE(first) << first.error().text;
    ASSERT_TRUE(enoc::prepare_home(layout, false));
    EXPECT_EQ(enoc::ensure_identity(layout.owner.cli_identity).value(), *first);
    ASSERT_TRUE(enoc::prepare_home(layout, true));
    EXPECT_NE(enoc::ensure_identity(layout.owner.cli_identity).value(), *first);
}

TEST_F(Home, RefusesAHomeThatItDidNotMake) {
    const enoc::HomeLayout layout{root_ + "/real"};
    std::filesystem::create_directories(layout.owner.wallet);
    std::ofstream{layout.owner.wallet + "/wallet.db"} << "coins";
    for (const bool fresh : {false, true}) {
        const auto refused = enoc::prepare_home(layout, fresh);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().text.find(layout.owner.wallet), std::string::npos);
    }
    EXPECT_TRUE(std::filesystem::exists(layout.owner.wallet + "/wallet.db"));
}

TEST_F(Home, RefusesAnIdentityThatOthersCanRead) {
    const enoc::HomeLayout layout{root_ + "/net"};
    ASSERT_TRUE(enoc::prepare_home(layout, false));
    ASSERT_TRUE(enoc::ensure_identity(layout.owner.cli_identity));
    std::filesystem::permissions(layout.owner.cli_identity, std::filesystem::perms{0644});
    const auto refused = enoc::ensure_identity(layout.owner.cli_identity);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find(layout.owner.cli_identity), std::string::npos);
}

}  // namespace
