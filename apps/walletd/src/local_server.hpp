#pragma once
// walletd's unix socket (proto/ghost/wallet/v1/local.proto): passwords, words, unlocking, and everything that zwallet
// does without a network. One request at a time on each connection; the next is read after the answer.

#include <list>

#include "core.hpp"
#include "io/stream_socket.hpp"

namespace ghost::wallet::v1 {
class LocalRequest;
class LocalResponse;
}  // namespace ghost::wallet::v1

namespace walletd {

inline constexpr std::size_t kLocalConnectionsMax = 64;

/// Thread: the reactor's.
class LocalServer {
 public:
    static base::Checked<std::unique_ptr<LocalServer>> start(Core& core, const std::string& path);
    ~LocalServer();
    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;

 private:
    class Connection;
    explicit LocalServer(Core& core) noexcept : core_{core} {}
    void accept(std::unique_ptr<io::StreamSocket> socket);
    void remove(const Connection& connection);

    Core& core_;
    base::LogLimit log_limit_;
    std::unique_ptr<io::Listener> listener_;
    std::list<std::shared_ptr<Connection>> connections_;
};

/// What a request does; runs on a lane. Never fails: errors are LocalErrors in the response.
ghost::wallet::v1::LocalResponse handle_local(Keystore& keystore, Signer& signer,
                                              const std::optional<ledger::ChainBinding>& chain,
                                              const ghost::wallet::v1::LocalRequest& request);

}  // namespace walletd
