#include "wallet_local/frame.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "ghost/wallet/v1/local.pb.h"
#include "wallet_local/client.hpp"

namespace wallet_local {
namespace {

TEST(Frame, RoundTripsAndTellsItsSize) {
    const auto wire = encode_frame(base::as_bytes("payload"));
    ASSERT_TRUE(wire);
    auto more = *wire;
    more.push_back(std::byte{9});
    const auto frame = decode_frame(more);
    ASSERT_TRUE(frame);
    EXPECT_EQ(base::as_text(frame->payload), "payload");
    EXPECT_EQ(frame->size, wire->size());
}

TEST(Frame, AsksForMoreOnEveryPrefix) {
    const auto wire = encode_frame(base::as_bytes("payload"));
    ASSERT_TRUE(wire);
    for (std::size_t n = 0; n < wire->size(); ++n) {
        const auto frame = decode_frame(base::ByteView{*wire}.first(n));
        ASSERT_FALSE(frame);
        EXPECT_TRUE(frame.error().is(base::Errc::truncated)) << n;
    }
}

TEST(Frame, RefusesEmptyAndOversizedLengthsFromTheHeaderAlone) {
    for (const std::uint32_t length : {0u, static_cast<std::uint32_t>(kPayloadBytesMax) + 1, 0xffffffffu}) {
        base::FixedBytes<4> header;
        base::store_be(header.data(), length);
        const auto frame = decode_frame(header);
        ASSERT_FALSE(frame);
        EXPECT_TRUE(frame.error().is(base::Errc::out_of_range)) << length;
    }
    EXPECT_FALSE(encode_frame({}));
    EXPECT_FALSE(encode_frame(base::Bytes(kPayloadBytesMax + 1)));
    EXPECT_TRUE(encode_frame(base::Bytes(kPayloadBytesMax)));
}

TEST(Wipe, OverwritesWhatItIsGiven) {
    base::Bytes bytes(16, std::byte{0xaa});
    wipe(base::MutableBytes{bytes});
    for (const auto byte : bytes) EXPECT_EQ(byte, std::byte{0});
}

/// A socket that answers every connection with fixed bytes.
class Responder {
 public:
    explicit Responder(base::Bytes answer) : answer_{std::move(answer)} {
        char folder[] = "/tmp/wallet_local_XXXXXX";
        folder_ = mkdtemp(folder);
        path_ = folder_ + "/s";
        fd_ = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path_.begin(), path_.end(), address.sun_path);
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(fd_, 1), 0);
        thread_ = std::thread{[this] {
            const int peer = accept(fd_, nullptr, nullptr);
            char request[4096];
            (void)!read(peer, request, sizeof request);
            (void)!write(peer, answer_.data(), answer_.size());
            close(peer);
        }};
    }
    ~Responder() {
        thread_.join();
        close(fd_);
        std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    base::Bytes answer_;
    std::string folder_, path_;
    int fd_ = -1;
    std::thread thread_;
};

base::Checked<ghost::wallet::v1::LocalResponse> ask(base::Bytes answer) {
    Responder responder{std::move(answer)};
    auto client = Client::connect({.path = responder.path(), .timeout_ms = 60'000});
    if (!client) return std::unexpected{client.error()};
    ghost::wallet::v1::LocalRequest request;
    request.mutable_status();
    return (*client)->call(request);
}

TEST(Client, ReadsTheResponse) {
    ghost::wallet::v1::LocalResponse response;
    response.mutable_status()->set_accounts(7);
    const auto text = response.SerializeAsString();
    const auto got = ask(*encode_frame(base::as_bytes(text)));
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(got->status().accounts(), 7u);
}

TEST(Client, ReportsShortOversizedAndMalformedAnswers) {
    EXPECT_FALSE(ask({}));
    EXPECT_FALSE(ask(base::Bytes(3)));
    EXPECT_FALSE(ask(base::Bytes(4, std::byte{0xff})));
    EXPECT_FALSE(ask(*encode_frame(base::Bytes(10, std::byte{0xff}))));
    auto cut = *encode_frame(base::Bytes(10));
    cut.pop_back();
    EXPECT_FALSE(ask(cut));
}

TEST(Client, NamesTheSocketWhenNobodyListens) {
    const auto client = Client::connect({.path = "/tmp/no-such-wallet-socket"});
    ASSERT_FALSE(client);
    EXPECT_TRUE(client.error().error.is(base::Errc::unavailable));
    EXPECT_NE(client.error().text.find("/tmp/no-such-wallet-socket"), std::string::npos);
    EXPECT_FALSE(Client::connect({.path = std::string(200, 'x')}));
}

}  // namespace
}  // namespace wallet_local
