#pragma once
// One UDP port served by several reactors: an SO_REUSEPORT socket each, and connection ids that name their worker.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "zquic/endpoint.hpp"

namespace zquic {

/// A set of endpoints that share one port and pass on each other's datagrams.
class WorkerEndpoints {
 public:
    /// Makes one endpoint for each reactor (1..250), on its thread when it is running. config.address with port 0
    /// takes one free port for all. The reactors must keep turning until this object is destroyed.
    static base::Checked<std::unique_ptr<WorkerEndpoints>> make(std::vector<io::Reactor*> reactors,
                                                                EndpointConfig config);
    /// Destroys each endpoint on its reactor's thread and waits. Not from one of these threads unless there is one
    /// worker, or the reactors do not run.
    ~WorkerEndpoints();
    WorkerEndpoints(const WorkerEndpoints&) = delete;
    WorkerEndpoints& operator=(const WorkerEndpoints&) = delete;

    /// Runs `task(worker, endpoint)` on each worker's thread and waits; for listen(), drain() and the like.
    void on_each(const std::function<void(std::size_t, Endpoint&)>& task);
    [[nodiscard]] std::size_t size() const noexcept;
    /// To be used on its reactor's thread only.
    [[nodiscard]] Endpoint& at(std::size_t worker) noexcept;
    [[nodiscard]] const io::SocketAddress& bound_address() const noexcept;
    /// Sum over the workers; asks each on its thread.
    [[nodiscard]] EndpointStats stats();

 private:
    struct State;
    explicit WorkerEndpoints(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace zquic
