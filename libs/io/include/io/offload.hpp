#pragma once
// Blocking work (database commits, password hashing, compiling) off the reactors: named lanes with their own threads
// and bounded queues. The completion runs on the reactor that asked.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/reactor.hpp"

namespace io {

struct OffloadLane {
    std::string name;              ///< Also the threads' name (its first 15 characters).
    unsigned threads = 1;          ///< 1 keeps the lane's work in order. 1..64.
    std::size_t queue_max = 1024;  ///< Work waiting; beyond it submit() answers `overloaded`.
};

class Offload {
 public:
    /// `limit_reached` when threads cannot be started; base `invalid_argument` for no lanes, an empty or repeated name.
    static base::Result<std::unique_ptr<Offload>> make(std::vector<OffloadLane> lanes);
    /// Takes no more work, finishes what is queued, posts the completions, joins. Destroy it before the reactors.
    ~Offload();
    Offload(const Offload&) = delete;
    Offload& operator=(const Offload&) = delete;

    /// Runs `work` on the lane called `lane`, then `completion` on `reactor`. `overloaded` when the lane's queue or the
    /// reactor's inbox is full, base `not_found` for an unknown lane, `closed` during destruction; then neither runs.
    /// `work` must not throw. Any thread. Whatever `completion` captures must outlive it, or be held weakly: a stopped
    /// reactor destroys it unrun.
    base::Result<void> submit(std::string_view lane, Task work, Reactor& reactor, Task completion);
    /// The same without a completion.
    base::Result<void> submit(std::string_view lane, Task work);

    /// Work with a value: `done` gets what `work` returned.
    template <typename T>
    base::Result<void> call(std::string_view lane, std::move_only_function<base::Result<T>()> work, Reactor& reactor,
                            std::move_only_function<void(base::Result<T>)> done) {
        auto result = std::make_shared<std::optional<base::Result<T>>>();
        return submit(
            lane, [result, work = std::move(work)]() mutable { result->emplace(work()); }, reactor,
            [result, done = std::move(done)]() mutable { done(std::move(**result)); });
    }

    /// Work waiting in a lane now; 0 for unknown lanes. Any thread.
    [[nodiscard]] std::size_t queued(std::string_view lane) const noexcept;

 private:
    struct Lane;
    explicit Offload(std::vector<std::unique_ptr<Lane>> lanes) noexcept;
    [[nodiscard]] Lane* find(std::string_view name) const noexcept;
    base::Result<void> enqueue(std::string_view lane, Task work, Reactor* reactor, Task completion);
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace io
