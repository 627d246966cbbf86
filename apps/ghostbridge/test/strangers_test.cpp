// What strangers can make a bridge do and hold, over TCP and over QUIC: no more of its thread than their share, no more
// memory than their bytes, and nothing once their call is over.

#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/sanitizers.hpp"
#include "raw_peer.hpp"
#include "world.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;

/// Processor seconds that the thread of this process with that name has used; the newest one, should there be several.
double cpu_seconds_of(const std::string& name) {
    double seconds = 0;
    auto* const folder = ::opendir("/proc/self/task");
    if (!folder) return 0;
    while (const auto* const entry = ::readdir(folder)) {
        const auto path = std::string{"/proc/self/task/"} + entry->d_name;
        std::string comm;
        std::getline(std::ifstream{path + "/comm"}, comm);
        if (comm != name) continue;
        std::string stat;
        std::getline(std::ifstream{path + "/stat"}, stat);
        std::istringstream fields{stat.substr(stat.rfind(')') + 2)};
        std::string skipped;
        for (int i = 0; i < 11; ++i) fields >> skipped;  // fields 3 to 13 of proc(5)
        double user = 0, system = 0;
        fields >> user >> system;
        seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    ::closedir(folder);
    return seconds;
}

/// Bytes that malloc has given out in this process, all ends of a test included.
std::size_t memory_in_use() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

class StrangersTest : public World {
 protected:
    void configure(Config& config) override {
        config.tcp.control_frames_burst = config.tcp.control_frames_per_s = 100'000'000;
    }
    void SetUp() override {
        World::SetUp();
        auto options = service_options();
        tune(options.settings);
        service_ = std::make_unique<Service>(options);
        ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    }
    void TearDown() override {
        service_.reset();
        World::TearDown();
    }
    virtual void tune(zquic::Settings&) {}

    /// Of a metric without labels, or with exactly these.
    double metric(const std::string& name) {
        const auto text = "\n" + bridge_->metrics_text();
        const auto at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
    }
    std::unique_ptr<RawPeer> greeted() {
        auto peer = std::make_unique<RawPeer>(bridge_->tcp_port());
        peer->send(base::as_bytes(kPreface));
        peer->send(kSettings);
        peer->send(kSettingsAck);
        return peer;
    }
    /// The part of a core that the bridge's thread takes while `count` connections send `wire` again and again; each
    /// begins with `first`. A busy machine makes it smaller.
    double share_under(base::ByteView first, const std::function<base::Bytes(std::uint32_t round)>& wire) {
        constexpr std::size_t kPeers = 4;
        constexpr std::size_t kUnsentMax = 512 << 10;
        std::vector<std::unique_ptr<RawPeer>> peers;
        const auto begin = [&] {
            auto peer = greeted();
            peer->send(first);
            return peer;
        };
        for (std::size_t i = 0; i < kPeers; ++i) peers.push_back(begin());
        std::vector<std::uint32_t> rounds(kPeers);
        const auto began = std::chrono::steady_clock::now();
        const auto before = cpu_seconds_of("ghostbridge");
        const auto seconds = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        };
        while (seconds() < 2) {
            bool all_full = true;
            for (std::size_t i = 0; i < kPeers; ++i) {
                // One that sent beyond its windows is gone.
                if (peers[i]->closed()) {
                    peers[i] = begin();
                    rounds[i] = 0;
                }
                if (peers[i]->unsent_bytes() > kUnsentMax) continue;
                all_full = false;
                peers[i]->send(wire(rounds[i]++));
            }
            if (all_full) std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        const auto share = (cpu_seconds_of("ghostbridge") - before) / seconds();
        RecordProperty("share", std::to_string(share));
        return share;
    }
    /// A quarter is what one address has; beside it the thread reads, and the service's answers come.
    static constexpr double kShareMax = 0.45;

    std::unique_ptr<Service> service_;
};

TEST_F(StrangersTest, ControlFramesTakeNoMoreOfTheThreadThanTheirShare) {
    base::Bytes pings;
    const auto ping = h2_frame(6, 0, 0, base::from_hex("0102030405060708").value());
    for (int i = 0; i < 4000; ++i) pings.insert(pings.end(), ping.begin(), ping.end());
    EXPECT_LE(share_under(call_of("Hang", 1), [&](std::uint32_t) { return pings; }), kShareMax);
}

TEST_F(StrangersTest, CrumbsTakeNoMoreOfTheThreadThanTheirShare) {
    service_->log->drink = true;
    // One message of a megabyte after the other, byte by byte.
    base::Bytes crumbs;
    for (int i = 0; i < 4000; ++i) {
        const auto crumb = h2_frame(0, 0, 1, base::from_hex("00").value());
        crumbs.insert(crumbs.end(), crumb.begin(), crumb.end());
    }
    EXPECT_LE(share_under(call_of("Sink", 1, false), [&](std::uint32_t) { return crumbs; }), kShareMax);
}

TEST_F(StrangersTest, LookUpsTakeNoMoreOfTheThreadThanTheirShare) {
    // list_services, thousands in a frame; then the call is given up.
    base::Bytes questions;
    const auto question = base::from_hex("00000000023a00").value();
    while (questions.size() + question.size() < 16'000)
        questions.insert(questions.end(), question.begin(), question.end());
    EXPECT_LE(share_under({},
                          [&](std::uint32_t round) {
                              const auto stream = 2 * round + 1;
                              auto wire =
                                  h2_request("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", stream);
                              for (const auto& part : {h2_frame(0, 0, stream, questions), h2_reset(stream)})
                                  wire.insert(wire.end(), part.begin(), part.end());
                              return wire;
                          }),
              kShareMax);
}

/// Whose service takes little more than the beginning of a request.
class StrangersMemoryTest : public StrangersTest {
 protected:
    static constexpr std::size_t kCalls = 32;        ///< Of a service whose windows take half of this.
    static constexpr std::size_t kBytes = 32 << 10;  ///< One by one, of each call.
    /// The bytes, and what these calls and connections need anyhow; 180 bytes each were 188 MB.
    static constexpr std::int64_t kMemoryMax = 16 << 20;

    void tune(zquic::Settings& settings) override {
        settings.stream_window_bytes = settings.stream_window_bytes_max = 16 << 10;  // the least that there is
    }
    /// Packets that are not acknowledged yet are on their way, and not held.
    void expect_held_since(std::int64_t before) const {
        if (base::kSanitized) return;  // whose heap counts otherwise
        std::int64_t grown = 0;
        EXPECT_TRUE(eventually([&] {
            grown = static_cast<std::int64_t>(memory_in_use()) - before;
            return grown < kMemoryMax;
        })) << grown;
    }
    double relayed() { return metric("ghostbridge_relayed_bytes_total{direction=\"request\"}"); }
};

TEST_F(StrangersMemoryTest, CrumbsOverTcpHoldLittleMoreThanTheirBytes) {
    const auto peer = greeted();
    for (std::uint32_t i = 0; i < kCalls; ++i) peer->send(call_of("Sink", 2 * i + 1, false));
    ASSERT_TRUE(eventually([&] { return metric("ghostbridge_open_calls") == kCalls; }));
    const auto all = static_cast<double>(kCalls * (kBytes + 5));
    const auto before = static_cast<std::int64_t>(memory_in_use());
    for (std::size_t n = 0; n < kBytes / 1024; ++n) {
        base::Bytes wire;
        for (int k = 0; k < 1024; ++k)
            for (std::uint32_t i = 0; i < kCalls; ++i) {
                const auto crumb = h2_frame(0, 0, 2 * i + 1, base::from_hex("00").value());
                wire.insert(wire.end(), crumb.begin(), crumb.end());
            }
        peer->send(wire);
        ASSERT_TRUE(eventually([&] { return peer->unsent_bytes() == 0; }));
    }
    ASSERT_TRUE(eventually([&] { return relayed() == all; })) << relayed();
    expect_held_since(before);
    // And all is gone with the calls.
    for (std::uint32_t i = 0; i < kCalls; ++i) peer->send(h2_reset(2 * i + 1));
    ASSERT_TRUE(eventually([&] { return metric("ghostbridge_open_calls") == 0; }));
}

TEST_F(StrangersMemoryTest, CrumbsOverQuicHoldLittleMoreThanTheirBytes) {
    struct Silent final : rpc::StreamEvents {
        void on_headers(rpc::Fields) override {}
        void on_data(base::ByteView) override {}
        void on_end(rpc::Fields) override {}
        void on_writable() override {}
        void on_reset(std::uint64_t, const std::string&) override {}
    } silent;
    const auto stranger = connect_as(stranger_id_);
    ASSERT_TRUE(stranger->call(kSay, text("connected"), soon()));
    const auto relayed_before = relayed();
    std::vector<std::unique_ptr<rpc::HttpStream>> streams;
    stranger->run([&](rpc::Channel& channel) {
        for (std::size_t i = 0; i < kCalls; ++i) {
            streams.push_back(channel.open_raw());
            ASSERT_TRUE(streams.back());
            streams.back()->set_events(silent);
            streams.back()->send_headers({{":method", "POST"},
                                          {":scheme", "https"},
                                          {":path", "/test.v1.Echo/Sink"},
                                          {":authority", "x"},
                                          {"content-type", "application/grpc"},
                                          {"te", "trailers"}},
                                         false);
        }
    });
    ASSERT_TRUE(eventually([&] { return metric("ghostbridge_open_calls") == kCalls; }));
    const auto before = static_cast<std::int64_t>(memory_in_use());
    // One byte of each call in a turn is one DATA frame.
    for (std::size_t n = 0; n < kBytes; ++n)
        stranger->run([&](rpc::Channel&) {
            for (const auto& stream : streams) stream->write(base::Bytes(1), false);
        });
    ASSERT_TRUE(eventually([&] { return relayed() == relayed_before + static_cast<double>(kCalls * kBytes); }))
        << relayed();
    expect_held_since(before);
    stranger->run([&](rpc::Channel&) { streams.clear(); });
    ASSERT_TRUE(eventually([&] { return metric("ghostbridge_open_calls") == 0; }));
}

/// Calls that are given up as soon as they are made.
class GivenUpTest : public StrangersTest {
 protected:
    static constexpr int kCalls = 60;
    /// Nothing of them is left: not in the bridge, not at the service, and no place is taken.
    void expect_nothing_left() {
        ASSERT_TRUE(eventually([&] { return metric("ghostbridge_open_calls") == 0; }));
        ASSERT_TRUE(eventually([&] { return service_->log->cancelled == service_->log->calls; }));
        const auto stranger = connect_as(stranger_id_);
        const auto before = service_->log->calls.load();
        std::vector<rpc::CallHandle> handles;
        stranger->run([&](rpc::Channel& channel) {
            for (int i = 0; i < kCalls; ++i)
                handles.push_back(channel.call(kHang, text(""), {}, [](const rpc::StatusOr<EchoMessage>&) {}));
        });
        EXPECT_TRUE(eventually([&] { return service_->log->calls == before + kCalls; })) << "every place is free again";
        stranger->run([&](rpc::Channel&) { handles.clear(); });
        EXPECT_TRUE(eventually([&] { return service_->log->cancelled == service_->log->calls; }));
    }
};

TEST_F(GivenUpTest, ByResetOverTcp) {
    const auto peer = greeted();
    for (std::uint32_t i = 0; i < kCalls; ++i) {
        peer->send(call_of("Hang", 2 * i + 1));
        peer->send(h2_reset(2 * i + 1));
    }
    // When this one is answered the bridge has seen the others.
    peer->send(call_of("Who", 2 * kCalls + 1));
    ASSERT_TRUE(
        eventually([&] { return metric("ghostbridge_calls_total{service=\"test.v1.Echo\",code=\"OK\"}") == 1; }));
    expect_nothing_left();
}

TEST_F(GivenUpTest, ByTheEndOfTheConnectionOverTcp) {
    {
        const auto peer = greeted();
        for (std::uint32_t i = 0; i < kCalls; ++i) peer->send(call_of("Hang", 2 * i + 1));
        ASSERT_TRUE(eventually([&] { return service_->log->calls == kCalls; }));
    }
    expect_nothing_left();
}

TEST_F(GivenUpTest, ByAnErrorOfItsPeerOverTcp) {
    const auto peer = greeted();
    for (std::uint32_t i = 0; i < kCalls; ++i) peer->send(call_of("Hang", 2 * i + 1));
    ASSERT_TRUE(eventually([&] { return service_->log->calls == kCalls; }));
    peer->send(h2_frame(0, 0, 0));  // DATA on stream 0: GOAWAY
    ASSERT_TRUE(eventually([&] { return peer->closed(); }));
    expect_nothing_left();
}

TEST_F(GivenUpTest, ByResetOverQuic) {
    const auto stranger = connect_as(stranger_id_);
    for (int i = 0; i < 5 * kCalls; ++i)
        stranger->run([](rpc::Channel& channel) {
            auto handle = channel.call(kHang, text(""), {}, [](const rpc::StatusOr<EchoMessage>&) {});
        });
    expect_nothing_left();
}

TEST_F(GivenUpTest, ByTheEndOfTheConnectionOverQuic) {
    {
        const auto stranger = connect_as(stranger_id_);
        stranger->run([](rpc::Channel& channel) {
            for (int i = 0; i < kCalls; ++i)
                channel.call(kHang, text(""), {}, [](const rpc::StatusOr<EchoMessage>&) {}).detach();
        });
        ASSERT_TRUE(eventually([&] { return service_->log->calls == kCalls; }));
    }
    expect_nothing_left();
}

}  // namespace
