#pragma once
// A blocking client of walletd's unix socket, for the command line, enoc and tests.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace ghost::wallet::v1 {
class LocalRequest;
class LocalResponse;
}  // namespace ghost::wallet::v1

namespace wallet_local {

/// One connection. Not thread-safe. The server's end is checked with SO_PEERCRED before anything is sent: a password
/// goes only to a process of the same user (or root).
class Client {
 public:
    struct Options {
        std::string path;                  ///< Socket file, at most 107 bytes.
        std::uint32_t timeout_ms = 60000;  ///< For each call; unlocking takes about a second.
    };
    /// `unavailable` when nobody listens (the text says how to start walletd), `permission_denied` when the socket
    /// belongs to someone else.
    static base::Checked<std::unique_ptr<Client>> connect(Options options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends one request and waits for its response. A LocalError is a response, not a failure of call(). The wire
    /// buffers are wiped; wiping the strings inside `request` and the response is the caller's part.
    base::Checked<ghost::wallet::v1::LocalResponse> call(const ghost::wallet::v1::LocalRequest& request);

 private:
    Client(int fd, Options options) noexcept : fd_{fd}, options_{std::move(options)} {}
    int fd_;
    Options options_;
};

}  // namespace wallet_local
