// The unix socket of a whole walletd: real frames, good and bad.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "daemon.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "wallet_local/frame.hpp"

namespace walletd {
namespace {

namespace pb = ghost::wallet::v1;

class LocalTest : public testing::Test {
 protected:
    void SetUp() override {
        auto started = Walletd::start(test_config(folder_.path()));
        ASSERT_TRUE(started) << started.error().text;
        daemon_ = std::move(*started);
    }
    pb::LocalResponse ask(const pb::LocalRequest& request) { return ask_local(daemon_->socket_path(), request); }

    int connected() {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        daemon_->socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return fd;
    }
    /// Sends raw bytes and ends the sending side.
    int sent(std::string_view bytes) {
        const int fd = connected();
        (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        return fd;
    }
    /// What comes until the daemon closes; then closes too.
    static std::string read_all(int fd) {
        std::string out;
        char chunk[4096];
        for (ssize_t got = 0; (got = read(fd, chunk, sizeof chunk)) > 0;)
            out.append(chunk, static_cast<std::size_t>(got));
        close(fd);
        return out;
    }
    std::string raw(std::string_view bytes) { return read_all(sent(bytes)); }
    bool alive() {
        pb::LocalRequest request;
        request.mutable_status();
        return ask(request).has_status();
    }

    TempFolder folder_;
    std::unique_ptr<Walletd> daemon_;
};

TEST_F(LocalTest, LeadsFromNothingToASignedOutWallet) {
    pb::LocalRequest request;
    request.mutable_unlock()->set_password("correct horse");
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::NOT_INITIALISED);

    request.mutable_init()->set_password("short");
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::INVALID);
    request.mutable_init()->set_password("correct horse");
    const auto made = ask(request);
    ASSERT_TRUE(made.has_init()) << made.ShortDebugString();
    EXPECT_EQ(std::ranges::count(made.init().words(), ' '), 23);
    EXPECT_TRUE(made.init().account().address().starts_with("ghost1"));
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::ALREADY_INITIALISED);

    request.mutable_lock();
    EXPECT_TRUE(ask(request).status().locked());
    request.mutable_create_account()->set_label("savings");
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::LOCKED);
    request.mutable_unlock()->set_password("wrong password");
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::WRONG_PASSWORD);
    request.mutable_unlock()->set_password("correct horse");
    EXPECT_FALSE(ask(request).status().locked());
    request.mutable_create_account()->set_label("savings");
    EXPECT_EQ(ask(request).account().path(), "m/44'/1337'/1'/0'");
    request.mutable_list_accounts();
    EXPECT_EQ(ask(request).accounts().accounts_size(), 2);
    request.mutable_export_words()->set_password("correct horse");
    EXPECT_EQ(ask(request).export_words().words(), made.init().words());
    request.mutable_sign()->set_unsigned_tx("not a transaction");
    EXPECT_EQ(ask(request).error().code(), pb::LocalError::INVALID);
}

TEST_F(LocalTest, MakesTheSocketPrivate) {
    struct stat info{};
    ASSERT_EQ(stat(daemon_->socket_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(LocalTest, AnswersPipelinedRequestsInOrderAlsoAfterAHalfClose) {
    pb::LocalRequest status, accounts;
    status.mutable_status();
    accounts.mutable_list_accounts();
    std::string wire;
    for (const auto& request : {status, accounts, status}) {
        const auto frame = *wallet_local::encode_frame(base::as_bytes(request.SerializeAsString()));
        wire += base::as_text(frame);
    }
    const auto answer = raw(wire);
    base::ByteView rest = base::as_bytes(answer);
    std::vector<pb::LocalResponse::ResponseCase> cases;
    while (const auto frame = wallet_local::decode_frame(rest)) {
        pb::LocalResponse response;
        ASSERT_TRUE(response.ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size())));
        cases.push_back(response.response_case());
        rest = rest.subspan(frame->size);
    }
    EXPECT_EQ(cases, (std::vector<pb::LocalResponse::ResponseCase>{
                         pb::LocalResponse::kStatus, pb::LocalResponse::kAccounts, pb::LocalResponse::kStatus}));
}

TEST_F(LocalTest, ClosesOnBadFramesAndLivesOn) {
    EXPECT_EQ(raw(std::string_view{"\0\0\0\0", 4}), "");
    EXPECT_EQ(raw("\xff\xff\xff\xff"), "");
    EXPECT_EQ(raw("GET / HTTP/1.1\r\n\r\n"), "");
    EXPECT_EQ(raw(std::string_view{"\0\0\0\x05"
                                   "abc",
                                   7}),
              "");
    EXPECT_TRUE(alive());
    // Frames that are not requests are answered one by one, however many come at once.
    std::string many;
    for (int i = 0; i < 5000; ++i) many += std::string_view{"\0\0\0\x01\xff", 5};
    EXPECT_FALSE(raw(many).empty());
    EXPECT_TRUE(alive());
}

TEST_F(LocalTest, RefusesAnyNumberOfSmallFramesWhileItsLaneIsFull) {
    daemon_.reset();
    auto config = test_config(folder_.path());
    config.kdf.passes = 8;  // each password holds the only thread of the lane for long
    auto started = Walletd::start(config);
    ASSERT_TRUE(started) << started.error().text;
    daemon_ = std::move(*started);
    const auto framed = [](const pb::LocalRequest& request) {
        return std::string{
            base::as_text(wallet_local::encode_frame(base::as_bytes(request.SerializeAsString())).value())};
    };
    pb::LocalRequest init;
    init.mutable_init()->set_password("correct horse");
    ASSERT_TRUE(ask(init).has_init());
    pb::LocalRequest right;
    right.mutable_unlock()->set_password("correct horse");
    const auto slow = framed(right);
    std::vector<int> waiting;
    constexpr int kMoreThanTheLaneTakes = 40;
    for (int i = 0; i < kMoreThanTheLaneTakes; ++i) {
        waiting.push_back(connected());
        ASSERT_EQ(send(waiting.back(), slow.data(), slow.size(), MSG_NOSIGNAL), static_cast<ssize_t>(slow.size()));
    }
    pb::LocalRequest unlock;
    unlock.mutable_unlock();
    const auto small = framed(unlock);
    std::string many;
    while (many.size() + small.size() <= 60 * 1024) many += small;
    const auto count = many.size() / small.size();
    // Several, because one may get a place in the lane's queue and then waits there.
    std::vector<int> floods;
    for (int i = 0; i < 4; ++i) floods.push_back(sent(many));
    std::size_t refusals = 0;
    for (const int fd : floods) {
        const auto answered = read_all(fd);
        std::size_t answers = 0;
        for (base::ByteView rest = base::as_bytes(answered); !rest.empty(); ++answers) {
            const auto frame = wallet_local::decode_frame(rest);
            ASSERT_TRUE(frame);
            pb::LocalResponse response;
            ASSERT_TRUE(response.ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size())));
            if (response.error().message().find("too much to do") != std::string::npos) ++refusals;
            rest = rest.subspan(frame->size);
        }
        EXPECT_EQ(answers, count);
    }
    EXPECT_GT(refusals, count);
    for (const int fd : waiting) close(fd);
    EXPECT_TRUE(alive());
}

TEST_F(LocalTest, SurvivesRandomBytes) {
    constexpr unsigned kSeed = 4711;
    std::mt19937 random{kSeed};
    for (int round = 0; round < 200; ++round) {
        std::string bytes(random() % 300, '\0');
        for (auto& c : bytes) c = static_cast<char>(random());
        // Half of them with a length that fits, to get past the framing.
        if (round % 2 == 0 && bytes.size() > 4) {
            base::store_be(reinterpret_cast<std::byte*>(bytes.data()), static_cast<std::uint32_t>(bytes.size() - 4));
        }
        (void)raw(bytes);
    }
    EXPECT_TRUE(alive()) << "seed " << kSeed;
}

TEST_F(LocalTest, RefusesASecondDaemonOnTheSameHome) {
    const auto second = Walletd::start(test_config(folder_.path()));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text.find(folder_.path()), std::string::npos) << second.error().text;
}

// Nobody, root included, can make a folder in /proc.
TEST_F(LocalTest, NamesAHomeThatCannotBeWritten) {
    const auto started = Walletd::start(test_config("/proc/ghost/walletd"));
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find("/proc/ghost"), std::string::npos) << started.error().text;
}

TEST_F(LocalTest, StopsCleanlyWhileAPasswordIsBeingTried) {
    pb::LocalRequest request;
    request.mutable_init()->set_password("correct horse");
    ASSERT_TRUE(ask(request).has_init());
    std::thread asking{[path = daemon_->socket_path()] {
        auto client = wallet_local::Client::connect({.path = path});
        if (!client) return;
        pb::LocalRequest unlock;
        unlock.mutable_unlock()->set_password("correct horse");
        (void)(*client)->call(unlock);
    }};
    daemon_->stop();
    asking.join();
}

}  // namespace
}  // namespace walletd
