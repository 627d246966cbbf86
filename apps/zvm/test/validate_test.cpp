// `zvm validate` says what the chain would say.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.hpp"
#include "wasm_builder.hpp"
#include "zvm_tool/commands.hpp"

namespace zvm_tool {
namespace {

int validated(const zvm::test::Builder& builder, bool spec = false) {
    const auto path = testing::TempDir() + "validate_test_" + std::to_string(getpid()) + ".wasm";
    EXPECT_TRUE(base::write_file_atomic(path, builder.bytes()));
    const int code = validate(path, {.spec = spec});
    std::remove(path.c_str());
    return code;
}

TEST(Validate, RefusesAModuleThatIsNoContract) {
    zvm::test::Builder builder;
    const auto none = builder.type({}, {});
    EXPECT_EQ(validated(builder), 1) << "exports no call";
    EXPECT_EQ(validated(builder, true), 0) << "a module all the same";
    builder.function("call", none, {});
    EXPECT_EQ(validated(builder), 0);
    builder.import_function("env", "abort", none);
    builder.exports.clear();
    builder.function("call", none, {});
    EXPECT_EQ(validated(builder), 1) << "nobody has env.abort";
    EXPECT_EQ(validate("/nowhere/at/all.wasm", {}), 1);
}

}  // namespace
}  // namespace zvm_tool
