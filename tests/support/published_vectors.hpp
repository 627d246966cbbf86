#pragma once
// Where the published test vectors are, and what a test does that cannot find them.
//
// They are not part of a clone: without their folder a test that needs them is skipped, in a line that says so. With CI
// set in the environment it fails instead, so that an unattended run cannot pass by testing nothing. A folder that is
// there but lacks a file is always a failure.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ghost_test {

/// $GHOST_VECTORS, else ../shared/vectors.
inline std::string vectors_folder() {
    const auto* const folder = std::getenv("GHOST_VECTORS");
    return folder && *folder ? folder : "../shared/vectors";
}

inline bool vectors_missing() {
    std::error_code ignored;
    return !std::filesystem::is_directory(vectors_folder(), ignored);
}

inline bool vectors_required() {
    const auto* const ci = std::getenv("CI");
    return ci && *ci;
}

inline std::string vectors_hint() {
    return "NO PUBLISHED VECTORS at " + vectors_folder() + ": nothing is tested here; GHOST_VECTORS names their folder";
}

}  // namespace ghost_test

/// First in a test that needs the vectors.
#define GHOST_NEEDS_VECTORS()                                                         \
    do {                                                                              \
        if (ghost_test::vectors_missing()) {                                          \
            if (ghost_test::vectors_required()) FAIL() << ghost_test::vectors_hint(); \
            GTEST_SKIP() << ghost_test::vectors_hint();                               \
        }                                                                             \
    } while (false)
