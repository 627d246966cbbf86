#pragma once
// The standard health service. Source: grpc/grpc doc/health-checking.md.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rpc {

class Server;

enum class Serving : std::uint8_t { unknown = 0, serving = 1, not_serving = 2 };

/// Made by Server::enable_health(). Thread: the reactor's.
class Health {
 public:
    explicit Health(Server& server);
    ~Health();
    Health(const Health&) = delete;
    Health& operator=(const Health&) = delete;

    /// Tells every watcher. `service` is a full name ("ghost.chain.v1.BlockchainService"), "" the server as a whole.
    void set(std::string service, Serving status);
    /// Every service to not_serving, for good.
    void shut_down();
    /// Open Watch calls.
    [[nodiscard]] std::size_t watchers() const noexcept;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace rpc
