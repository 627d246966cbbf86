// Test files run on real modules: the examples and a contract that calls others (test/proxy).
#include "contract_kit/testing.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>

#include "base/file.hpp"
#include "base/u128.hpp"

namespace contract_kit {
namespace {

class Testing : public ::testing::Test {
 protected:
    Testing() {
        char pattern[] = "/tmp/contract-kit-XXXXXX";
        folder_ = mkdtemp(pattern);
    }
    ~Testing() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& text) const {
        auto path = folder_ + "/case.test.json";
        EXPECT_TRUE(base::write_file_atomic(path, base::as_bytes(text)));
        return path;
    }
    TestOptions options(std::string path) const {
        TestOptions out;
        out.path = std::move(path);
        out.wasm_dirs = {CONTRACTS_DIR};
        return out;
    }
    /// Of a file whose only test has these steps.
    TestReport run(const std::string& steps,
                   const std::string& contracts = R"("counter":"counter.wasm","proxy":"proxy.wasm")") {
        const auto report = run_tests(
            options(write(R"({"contracts":{)" + contracts + R"(},"tests":[{"name":"t","steps":[)" + steps + "]}]}")));
        EXPECT_TRUE(report) << report.error().text;
        return report ? *report : TestReport{};
    }
    static std::string failures(const TestReport& report) {
        std::string out;
        for (const auto& file : report.files)
            for (const auto& test : file.tests)
                for (const auto& failure : test.failures) out += failure + "\n";
        return out;
    }
    std::string folder_;
};

constexpr auto kBoth = R"({"deploy":"counter","args":[5]},{"deploy":"proxy"},)";

TEST_F(Testing, RunsTheExamplesAndCoversThem) {
    auto flags = options(EXAMPLES_DIR);
    flags.coverage = true;
    const auto report = run_tests(flags);
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_EQ(failures(*report), "");
    EXPECT_GE(report->passed(), 22u);
    EXPECT_EQ(report->coverage.size(), 4u);
    for (const auto& [contract, functions] : report->coverage) {
        std::uint32_t blocks = 0;
        std::uint32_t ran = 0;
        for (const auto& function : functions) {
            EXPECT_LE(function.blocks_ran, function.blocks) << function.name;
            blocks += function.blocks;
            ran += function.blocks_ran;
        }
        EXPECT_GT(ran * 4, blocks * 3) << contract << ": less than three quarters ran";
    }
    EXPECT_EQ(report->gas.at("token.transfer").calls, 3u);
    EXPECT_NE(to_text(*report).find("token.transfer"), std::string::npos);
    EXPECT_NE(to_json(*report).find("\"failed\": 0"), std::string::npos);
    // The same again, to the unit.
    const auto again = run_tests(flags);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->gas, report->gas);
}

TEST_F(Testing, SaysWhatIsNotAsExpected) {
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"query":"counter.get","returns":6})"))
                  .find("step 3 (query counter.get): expected return 6, got \"5\""),
              std::string::npos);
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"call":"counter.reset","as":"bob"})")).find("reverted: NotOwner"),
              std::string::npos);
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"call":"counter.increment","args":[1],"events":[]})"))
                  .find("counter.Incremented {"),
              std::string::npos);
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"check":{"balance":{"alice":1}}})")).find("alice has 1000000 GCC"),
              std::string::npos);
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"call":"counter.increment","args":[1],"gas_max":10})"))
                  .find("more than 10"),
              std::string::npos);
    EXPECT_NE(failures(run(std::string{kBoth} + R"({"call":"counter.get","reverts":true})")).find("it succeeded"),
              std::string::npos);
}

TEST_F(Testing, EndlessLoopsEndByTheirGasAndShowWhere) {
    const auto report = run(std::string{kBoth} + R"({"call":"proxy.spin","gas":100000})");
    EXPECT_NE(failures(report).find("trap: out of gas"), std::string::npos);
    EXPECT_NE(failures(report).find("at spin"), std::string::npos);
    EXPECT_EQ(failures(run(std::string{kBoth} + R"({"call":"proxy.spin","gas":100000,"traps":"out of gas"})")), "");
}

TEST_F(Testing, ContractsCallOneAnotherAndAFailedCallLeavesNoTrace) {
    // increment(u64) by 3; the counter sees the proxy as its caller. reset() reverts: the proxy is not the owner.
    EXPECT_EQ(failures(run(std::string{kBoth} +
                           R"({"call":"proxy.forward","args":["$counter","0x823718930300000000000000"],
                               "returns":"0x0800000000000000",
                               "events":[{"counter.Incremented":{"by_whom":"$proxy","count":8}}]},
                              {"call":"proxy.forward","args":["$counter","0xd1830c7b"],"reverts":"0x05b9d890"},
                              {"call":"proxy.attempt","args":["$counter","0xd1830c7b"],"returns":1},
                              {"check":{"storage":{"proxy":{"before":"0x01000000","after":"0x01000000"},
                                                   "counter":{"count":"0x0800000000000000"}}}},
                              {"call":"proxy.attempt","args":["$alice","0x"],"returns":3})")),
              "");
}

TEST_F(Testing, ReentryIsRefusedUnlessAskedForAndDepthIsBounded) {
    EXPECT_EQ(failures(run(std::string{kBoth} + R"({"call":"proxy.attempt","args":["$proxy","0x"],"returns":3},
                                                   {"call":"proxy.bomb","args":[20]},
                                                   {"call":"proxy.bomb","args":[64],"reverts":"too deep"},
                                                   {"raw":"proxy","value":"1.5 GCC"},
                                                   {"check":{"balance":{"proxy":"1.5 GCC"}}})")),
              "");
}

TEST_F(Testing, TheSdksAmountsAreRightToTheLastBit) {
    using base::u128;
    std::mt19937_64 random{7};
    RecordProperty("seed", 7);
    std::string steps = kBoth;
    const auto step = [&](char op, u128 a, u128 b, const std::string& expected) {
        steps += R"({"query":"proxy.math","args":[)" + std::to_string(static_cast<int>(op)) + ",\"" +
                 base::to_string(a) + "\",\"" + base::to_string(b) + "\"]," + expected + "},";
    };
    const auto judge = [&](char op, u128 a, u128 b, std::optional<u128> result) {
        step(op, a, b,
             result ? R"("returns":")" + base::to_string(*result) + "\""
                    : R"("reverts":"arithmetic overflow or division by zero")");
    };
    const auto number = [&] {
        const u128 wide = u128{random()} << 64 | random();
        return wide >> (random() % 128);
    };
    for (int i = 0; i < 40; ++i) {
        const auto a = number();
        const auto b = number();
        judge('+', a, b, base::checked_add(a, b));
        judge('-', a, b, base::checked_sub(a, b));
        judge('*', a, b, base::checked_mul(a, b));
        judge('/', a, b, b ? std::optional{a / b} : std::nullopt);
        if (b) judge('%', a, b, a % b);
        const auto bits = static_cast<unsigned>(random() % 128);
        judge('<', a, bits, a << bits);
        judge('>', a, bits, a >> bits);
    }
    judge('/', 1, 0, std::nullopt);
    judge('*', ~u128{0}, 1, ~u128{0});
    judge('*', ~u128{0}, 2, std::nullopt);
    judge('+', ~u128{0}, 1, std::nullopt);
    steps.pop_back();
    EXPECT_EQ(failures(run(steps)), "");
}

TEST_F(Testing, ValuesAroundTheSizeThatIsReadAtOnceAreReadWhole) {
    std::string steps = kBoth;
    for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 5'000u}) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes += base::to_hex(base::Bytes{static_cast<std::byte>(i * 7)});
        steps += R"({"call":"proxy.keep","args":["0x)" + bytes + R"("],"returns":"0x)" + bytes + R"("},)";
    }
    steps.pop_back();
    EXPECT_EQ(failures(run(steps)), "");
}

TEST_F(Testing, APaddedStructIsTheSameKeyWhateverItsPaddingHolds) {
    EXPECT_EQ(failures(run(R"({"deploy":"pairs"},{"call":"pairs.set","args":[1,2,7]},
                              {"query":"pairs.get","args":[1,2],"returns":7},
                              {"query":"pairs.get","args":[1,3],"returns":0})",
                           R"("pairs":"pairs.wasm")")),
              "");
}

TEST_F(Testing, NamesComeFromTheDebugModuleWhichMustBeTheSameCode) {
    namespace fs = std::filesystem;
    const std::string built = CONTRACTS_DIR;
    const auto spin = [&] {
        auto flags = options(write(R"({"contracts":{"proxy":"proxy.wasm"},"tests":[{"name":"t","steps":[
            {"deploy":"proxy"},{"call":"proxy.spin","gas":100000}]}]})"));
        flags.wasm_dirs = {folder_};
        return run_tests(flags);
    };
    fs::copy(built + "/proxy.wasm", folder_ + "/proxy.wasm");
    auto report = spin();
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_EQ(failures(*report).find("at spin"), std::string::npos) << "what is deployed has no names";
    fs::copy(built + "/proxy.debug.wasm", folder_ + "/proxy.debug.wasm");
    report = spin();
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_NE(failures(*report).find("at spin"), std::string::npos);
    EXPECT_LT(fs::file_size(built + "/proxy.wasm"), fs::file_size(built + "/proxy.debug.wasm"));
    fs::copy(built + "/counter.debug.wasm", folder_ + "/proxy.debug.wasm", fs::copy_options::overwrite_existing);
    report = spin();
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().text.find("another build"), std::string::npos) << report.error().text;
}

TEST_F(Testing, ViewsCannotWrite) {
    EXPECT_EQ(failures(run(std::string{kBoth} + R"({"query":"counter.increment","args":[1],"traps":true},
                                                   {"query":"counter.get","returns":5})")),
              "");
}

TEST_F(Testing, SnapshotsAreRecordedAndCompared) {
    const auto text = [](int by) {
        return R"({"contracts":{"counter":"counter.wasm"},"tests":[{"name":"t","steps":[{"deploy":"counter","args":[)" +
               std::to_string(by) + R"(]},{"snapshot":"s"}]}]})";
    };
    auto flags = options(write(text(5)));
    EXPECT_NE(failures(run_tests(flags).value()).find("run with --update"), std::string::npos);
    flags.update = true;
    EXPECT_EQ(failures(run_tests(flags).value()), "");
    flags.update = false;
    EXPECT_EQ(failures(run_tests(flags).value()), "");
    write(text(6));
    EXPECT_NE(failures(run_tests(flags).value()).find("counter 'count' was \"0x0500000000000000\""), std::string::npos);
}

TEST_F(Testing, GasSnapshotsSayWhatMoved) {
    auto report = run(std::string{kBoth} + R"({"call":"counter.increment","args":[1]})");
    const auto old = gas_snapshot(report);
    EXPECT_TRUE(compare_gas(report, old, 0).value().empty());
    auto& use = report.gas.at("counter.increment");
    use.max = use.max * 103 / 100;
    EXPECT_EQ(compare_gas(report, old, 0).value().size(), 1u);
    EXPECT_TRUE(compare_gas(report, old, 5).value().empty());
    report.gas.erase("counter.init");
    report.gas["counter.other"] = {};
    EXPECT_EQ(compare_gas(report, old, 5).value().size(), 2u);
    EXPECT_FALSE(compare_gas(report, "[]", 0));
    EXPECT_FALSE(compare_gas(report, R"({"counter.increment":{}})", 0));
}

TEST_F(Testing, WhatCannotBeUsedIsAnErrorThatNamesTheFile) {
    for (const auto* const text :
         {"", "[]", "{", R"({"tests":1})", R"({"tests":[{"name":"t"}]})",
          R"({"contracts":{"x":"absent.wasm"},"tests":[]})", R"({"accounts":{"x":"much"},"tests":[]})",
          R"({"time_ms":"now","tests":[{"name":"t","steps":[]}]})", R"({"other":1,"tests":[]})"}) {
        const auto report = run_tests(options(write(text)));
        ASSERT_FALSE(report) << text;
        EXPECT_NE(report.error().text.find("case.test.json"), std::string::npos) << report.error().text;
    }
    EXPECT_FALSE(run_tests(options(folder_ + "/absent")));
    std::filesystem::remove(folder_ + "/case.test.json");
    EXPECT_FALSE(run_tests(options(folder_)));
    // A step that makes no sense fails its test only.
    for (const auto* const step :
         {R"({"dance":1})", R"(1)", R"({"call":"nobody.get"})", R"({"call":"counter"})", R"({"deploy":"other"})",
          R"({"call":"counter.get","as":"zoe"})", R"({"call":"counter.get","extra":1})",
          R"({"call":"counter.increment"})", R"({"call":"counter.increment","args":["$zoe"]})",
          R"({"raw":"counter","input":"xyz"})", R"({"fund":{"zoe":1}})", R"({"check":{"storage":{"alice":{}}}})",
          R"({"call":"counter.get","value":"1.5"})"}) {
        EXPECT_EQ(run(std::string{kBoth} + step).failed(), 1u) << step;
    }
}

}  // namespace
}  // namespace contract_kit
