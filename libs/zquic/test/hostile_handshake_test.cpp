// Handshakes of peers that break TLS's or QUIC's rules: they end with the right code, and the process lives.

#include <atomic>
#include <thread>

#include "close_seen.hpp"
#include "published_vectors.hpp"
#include "support.hpp"

namespace zquic::test {
namespace {

class HostileHandshake : public Net {};

TEST_F(HostileHandshake, AClientHelloWithoutTransportParametersEndsWithMissingExtension) {
    GHOST_NEEDS_VECTORS();
    const auto datagram = testkit::read_case(ghost_test::vectors_folder(), "quic-initial-without-transport-parameters");
    ASSERT_EQ(datagram.size(), 1200u);
    server = must(Endpoint::make(*reactor, server_config()));
    must_listen(*server, {"h3"});
    std::optional<std::uint64_t> code;
    std::atomic<bool> over{false};
    std::thread stranger{[&, to = server->bound_address()] {
        code = testkit::close_code_after(to, datagram, kPatienceSeconds * 1000);
        over = true;
    }};
    EXPECT_TRUE(run_until([&] { return over.load(); }));
    stranger.join();
    ASSERT_TRUE(code);
    EXPECT_EQ(*code, 0x16du);
    EXPECT_EQ(server->stats().handshakes_failed, 1u);
    EXPECT_EQ(server->stats().half_open, 0u);
}

}  // namespace
}  // namespace zquic::test
