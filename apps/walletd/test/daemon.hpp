#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "ghost/wallet/v1/local.pb.h"
#include "temp_folder.hpp"
#include "wallet_local/client.hpp"
#include "walletd/walletd.hpp"

namespace walletd {

/// Of each call: long enough for a machine that does much else.
inline constexpr std::uint64_t kTimeoutNs = 60'000'000'000;

/// True as soon as `holds` is; false after a minute.
template <typename Condition>
bool comes_true(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

/// A daemon on free ports, without a bridge, with the cheapest password hash that zcrypto accepts.
inline Config test_config(const std::string& home) {
    Config config;
    config.home = home;
    config.listen = "127.0.0.1:0";
    config.metrics = "";
    config.bridge = "";
    config.kdf = {.calibrate = false, .passes = 2, .memory_kib = 19 * 1024};
    return config;
}

inline ghost::wallet::v1::LocalResponse ask_local(const std::string& path,
                                                  const ghost::wallet::v1::LocalRequest& request) {
    auto client = wallet_local::Client::connect({.path = path});
    if (!client) {
        ADD_FAILURE() << client.error().text;
        return {};
    }
    auto response = (*client)->call(request);
    if (!response) {
        ADD_FAILURE() << response.error().text;
        return {};
    }
    return std::move(*response);
}

}  // namespace walletd
