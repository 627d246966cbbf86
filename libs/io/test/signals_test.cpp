#include "io/signals.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "io/thread.hpp"

namespace {

// In a child: signals and their masks belong to the whole process.
TEST(Signals, ArriveOnTheReactorAndEndADaemonInAnOrderlyWay) {
    for (const int number : {SIGTERM, SIGINT}) {
        int ready[2];
        ASSERT_EQ(::pipe(ready), 0);
        const auto child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            io::block_termination_signals();
            auto reactor = io::Reactor::make().value();
            const auto worker = io::ReactorThread::start("worker").value();  // must not take the signal
            int seen = 0;
            auto watch = io::SignalWatch::make(*reactor, [&](int signal) {
                             seen = signal;
                             reactor->stop();
                         }).value();
            if (::write(ready[1], "r", 1) != 1) ::_exit(99);
            reactor->run();
            watch.reset();
            ::_exit(seen);
        }
        char byte;
        ASSERT_EQ(::read(ready[0], &byte, 1), 1);
        ASSERT_EQ(::kill(child, number), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), number);
        ::close(ready[0]);
        ::close(ready[1]);
    }
}

}  // namespace
