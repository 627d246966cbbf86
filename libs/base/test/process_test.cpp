#include "base/process.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>

namespace {

// In a child: there is no way back.
TEST(HardenProcessDeathTest, LeavesNoCoreDumpAndNothingToAttachTo) {
    EXPECT_EXIT(
        {
            base::harden_process();
            rlimit limit{};
            const bool no_core = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
            std::_Exit(no_core && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
