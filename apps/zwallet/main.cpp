#include <google/protobuf/stubs/logging.h>

#include <csignal>

#include "base/process.hpp"
#include "zwallet/cli.hpp"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    base::harden_process();  // passwords and recovery words pass through here
    // protobuf prints what it cannot parse; answers come from elsewhere and may hold anything.
    google::protobuf::SetLogHandler(nullptr);
    return zwallet::run(argc, argv);
}
