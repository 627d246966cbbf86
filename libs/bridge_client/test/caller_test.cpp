#include "bridge_client/caller.hpp"

#include <gtest/gtest.h>

namespace bridge_client {
namespace {

using rpc::Caller;

const base::Digest kKey = base::fixed_from_hex<32>(std::string(64, 'a')).value();
const base::Digest kBridge = base::fixed_from_hex<32>(std::string(64, 'b')).value();

io::SocketAddress at(const std::string& text) { return io::SocketAddress::parse(text).value(); }

/// What the service makes of a call with these fields from a peer.
Caller counted(const rpc::Fields& fields, bool from_bridge) {
    const rpc::Peer peer{.address = at("192.0.2.200:1"), .public_key = kBridge};
    const auto metadata = rpc::Metadata::read_from(fields).value();
    rpc::CallGrant grant;
    return caller_of({.path = "/x.Y/Z", .peer = peer, .metadata = metadata, .grant = grant}, from_bridge);
}

TEST(CallerTest, AListedCallerCountsByItsKey) {
    rpc::Fields fields;
    add_caller(fields, {.address = at("192.0.2.1:7"), .public_key = kKey}, true);
    const auto caller = counted(fields, true);
    EXPECT_EQ(caller.kind, Caller::Class::listed);
    EXPECT_EQ(caller.origin, std::string(64, 'a'));
    EXPECT_EQ(caller_at_bridge({.address = at("192.0.2.1:7"), .public_key = kKey}, true).origin, caller.origin);
}

TEST(CallerTest, AStrangerCountsByItsNetworkWhateverKeysItMakes) {
    const auto of = [](const std::string& address, const std::optional<base::Digest>& key) {
        rpc::Fields fields;
        add_caller(fields, {.address = at(address), .public_key = key}, false);
        const auto caller = counted(fields, true);
        EXPECT_EQ(caller.kind, Caller::Class::stranger);
        EXPECT_EQ(caller_at_bridge({.address = at(address), .public_key = key}, false).origin, caller.origin);
        return caller.origin;
    };
    EXPECT_EQ(of("192.0.2.1:7", std::nullopt), "192.0.2.1");
    EXPECT_EQ(of("192.0.2.1:8", kKey), "192.0.2.1");
    EXPECT_EQ(of("[::ffff:192.0.2.1]:8", kKey), "192.0.2.1");
    EXPECT_NE(of("192.0.2.2:8", kKey), "192.0.2.1");
    EXPECT_EQ(of("[2001:db8::1]:7", std::nullopt), of("[2001:db8::2:0:0:ffff]:9", std::nullopt));
    EXPECT_NE(of("[2001:db8::1]:7", std::nullopt), of("[2001:db8:0:1::1]:7", std::nullopt));
}

TEST(CallerTest, OnlyABridgeIsBelieved) {
    rpc::Fields fields;
    add_caller(fields, {.address = at("192.0.2.1:7"), .public_key = kKey}, true);
    const auto caller = counted(fields, false);
    EXPECT_EQ(caller.kind, Caller::Class::listed);
    EXPECT_EQ(caller.origin, std::string(64, 'b')) << "the peer itself";
    EXPECT_EQ(counted({}, true).origin, std::string(64, 'b')) << "a bridge's own call";
}

TEST(CallerTest, WhatMakesNoSenseIsAStranger) {
    for (const rpc::Fields& fields :
         {rpc::Fields{{"ghost-caller-class", "listed"}},
          rpc::Fields{{"ghost-caller-class", "listed"}, {"ghost-caller-key", "12"}},
          rpc::Fields{{"ghost-caller-class", "king"}, {"ghost-caller-key", std::string(64, 'a')}},
          rpc::Fields{{"ghost-caller-key", std::string(64, 'a')}},
          rpc::Fields{{"ghost-caller-network", std::string(5000, 'n')}}}) {
        const auto caller = counted(fields, true);
        EXPECT_EQ(caller.kind, Caller::Class::stranger);
        EXPECT_LE(caller.origin.size(), 64u);
    }
}

}  // namespace
}  // namespace bridge_client
