#pragma once
// Running a file of Project Wycheproof.

#include <algorithm>
#include <functional>

#include "base/random.hpp"
#include "vectors.hpp"

namespace zcrypto::test {

inline base::Bytes field(const nlohmann::json& test, const char* name) { return hex(test.at(name).get<std::string>()); }

/// Why a vector cannot be run; empty when it ran.
using Verdict = std::string;

inline void run(const std::string& file,
                const std::function<Verdict(const nlohmann::json& group, const nlohmann::json& test)>& check) {
    const auto vectors = load_vectors(file);
    ASSERT_TRUE(vectors.contains("testGroups")) << file;
    Tally tally;
    for (const auto& group : vectors["testGroups"]) {
        for (const auto& test : group["tests"]) {
            SCOPED_TRACE(file + " test " + test["tcId"].dump() + ": " + test.value("comment", ""));
            if (const auto reason = check(group, test); reason.empty()) {
                ++tally.checked;
            } else {
                ++tally.skipped[reason];
            }
        }
    }
    report_tally(file, tally, vectors["numberOfTests"].get<std::size_t>());
}

/// "acceptable" leaves it to the implementation.
inline void expect_verdict(const nlohmann::json& test, bool accepted) {
    if (test["result"] != "acceptable") {
        EXPECT_EQ(accepted, test["result"] == "valid");
    }
}

/// Randomness that a vector gives.
class Given final : public base::Random {
 public:
    explicit Given(base::ByteView bytes) : bytes_{bytes} {}
    void fill(base::MutableBytes out) noexcept override { std::copy_n(bytes_.begin(), out.size(), out.begin()); }

 private:
    base::ByteView bytes_;
};

}  // namespace zcrypto::test
