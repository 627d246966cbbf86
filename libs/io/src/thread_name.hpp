#pragma once
// What every thread of io does first; private to io.

#include <string>

namespace io {

/// Names the thread and blocks the termination signals on it: they belong to whoever asked for them (signals.hpp).
void begin_thread(const std::string& name) noexcept;

}  // namespace io
