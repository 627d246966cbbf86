#pragma once
// The published vectors, read from $GHOST_VECTORS. Their absence is a failure, never a silent skip.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.hpp"

namespace zcrypto::test {

inline std::string vector_path(const std::string& file) {
    const auto* const folder = std::getenv("GHOST_VECTORS");
    return std::string{folder ? folder : "../shared/vectors"} + "/" + file;
}

inline nlohmann::json load_vectors(const std::string& file) {
    std::ifstream in{vector_path(file)};
    if (!in) {
        ADD_FAILURE() << "published vectors are absent: " << vector_path(file) << " (set GHOST_VECTORS)";
        return nlohmann::json::object();
    }
    return nlohmann::json::parse(in);
}

/// Printed for each file, and a failure when nothing ran.
inline void report_count(const std::string& file, std::size_t count) {
    std::printf("[ vectors  ] %s: %zu checked\n", file.c_str(), count);
    EXPECT_GT(count, 0u) << file;
}

inline base::Bytes hex(const std::string& text) { return base::from_hex(text).value(); }

template <std::size_t N>
base::FixedBytes<N> fixed_hex(const std::string& text) {
    return base::fixed_from_hex<N>(text).value();
}

}  // namespace zcrypto::test
