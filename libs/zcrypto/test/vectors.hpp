#pragma once
// The published vectors, read from $GHOST_VECTORS. A test that reads them begins with GHOST_NEEDS_VECTORS().

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.hpp"
#include "published_vectors.hpp"

namespace zcrypto::test {

inline std::string vector_path(const std::string& file) { return ghost_test::vectors_folder() + "/" + file; }

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

/// How many of a file's vectors ran, and why the others did not.
struct Tally {
    std::size_t checked = 0;
    std::map<std::string, std::size_t> skipped;  ///< By reason.
};

inline void report_tally(const std::string& file, const Tally& tally, std::size_t total) {
    std::size_t sum = tally.checked;
    std::string reasons;
    for (const auto& [reason, count] : tally.skipped) {
        sum += count;
        reasons += ", " + std::to_string(count) + " skipped: " + reason;
    }
    std::printf("[ vectors  ] %s: %zu of %zu%s\n", file.c_str(), tally.checked, total, reasons.c_str());
    EXPECT_EQ(sum, total) << file;
    EXPECT_GT(tally.checked, 0u) << file;
}

/// Files beyond those that the project always has: run when they are there, named when they are not.
inline bool has_vectors(const std::string& file) {
    if (std::ifstream{vector_path(file)}) return true;
    std::printf("[ vectors  ] %s: not in this folder of vectors\n", file.c_str());
    return false;
}

inline base::Bytes hex(const std::string& text) { return base::from_hex(text).value(); }

template <std::size_t N>
base::FixedBytes<N> fixed_hex(const std::string& text) {
    return base::fixed_from_hex<N>(text).value();
}

}  // namespace zcrypto::test
