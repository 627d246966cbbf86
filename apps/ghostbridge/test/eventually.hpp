#pragma once
// Waiting for effects on other threads.

#include <chrono>
#include <functional>
#include <thread>

namespace ghostbridge::test {

/// Polls every 5 ms, at most 60 s or so many times.
inline bool eventually(const std::function<bool()>& condition, int polls_max = 12'000) {
    for (int i = 0; i < polls_max; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return condition();
}

}  // namespace ghostbridge::test
