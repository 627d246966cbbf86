#include "target.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "ghostd/init.hpp"
#include "rpc/quic.hpp"

namespace durability {
namespace {

std::string variable(const char* name, const std::string& fallback) {
    const char* value = std::getenv(name);
    return value && *value ? value : fallback;
}

}  // namespace

Target::Target(std::string home) : home_{std::move(home)} {
    const auto bin = variable("GHOST_BIN", "build/release/bin");
    verify_ = bin + "/ghostd export --verify --home {home}/ghostd";
    if (variable("GHOST_DURABILITY_TARGET", "ghostd") == "enoc") {
        // enoc makes its keys itself; the node is reached as everybody reaches it, through ghostbridge.
        start_ = bin + "/enoc --home {home} --free-ports --json";
        ready_ = "\"bridge_quic\":\"([^\"]+)\".*\"bridge_key\":\"([0-9a-f]{64})\"";
        identity_ = "{home}/zwallet/identity.pem";
        return;
    }
    start_ = bin + "/ghostd start --home {home}/ghostd";
    ready_ = "ready: .* udp (\\S+), ops (?:\\d+), key ([0-9a-f]{64})";
    identity_ = "{home}/client.key";

    const auto client = zquic::Identity::generate();
    if (!client || !client->save(home_ + "/client.key")) {
        ADD_FAILURE() << "cannot write a key into " << home_;
        return;
    }
    ghostd::InitOptions options{.home = home_ + "/ghostd", .dev = true};
    options.config.listen = "[::1]:0";
    options.config.ops_listen = "127.0.0.1:0";
    options.config.bridge.endpoint.clear();
    options.config.peers.push_back({.name = "test", .key = base::to_hex(*client->public_key()), .role = "admin"});
    const auto made = ghostd::init_home(options);
    EXPECT_TRUE(made) << (made ? "" : made.error().text);
}

std::vector<std::string> Target::command(const std::string& text) const {
    std::vector<std::string> words{""};
    for (const char c : text) {
        if (c == ' ') {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    for (auto& word : words)
        for (std::size_t at; (at = word.find("{home}")) != std::string::npos;) word.replace(at, 6, home_);
    return words;
}

std::unique_ptr<Target::Instance> Target::start(std::uint64_t file_bytes_max) const {
    auto process =
        benchkit::Process::start(command(start_), {.stderr_path = log_path(), .file_bytes_max = file_bytes_max});
    if (!process) return nullptr;
    const std::regex ready{ready_};
    std::smatch match;
    std::string line;
    do {
        auto next = process->read_line(60'000);
        if (!next) return nullptr;
        line = std::move(*next);
    } while (!std::regex_search(line, match, ready));
    const auto address = io::SocketAddress::parse(match[1].str());
    const auto key = base::fixed_from_hex<32>(match[2].str());
    const auto identity = zquic::Identity::load(command(identity_)[0]);
    if (!address || !key || !identity) return nullptr;
    auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
        return rpc::make_quic_connector(reactor, {.server = *address, .server_keys = {*key}, .identity = *identity});
    });
    if (!client) return nullptr;
    std::smatch ops;
    const bool has_ops = std::regex_search(line, ops, std::regex{"ops (\\d+)"});
    return std::unique_ptr<Instance>{new Instance{.process = std::move(*process),
                                                  .client = std::move(*client),
                                                  .ops = has_ops ? "127.0.0.1:" + ops[1].str() : ""}};
}

int Target::verify() const { return benchkit::run(command(verify_), log_path()); }

}  // namespace durability
