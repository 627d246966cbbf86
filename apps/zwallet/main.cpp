#include <google/protobuf/stubs/logging.h>

#include <csignal>

#include "zwallet/cli.hpp"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    // protobuf prints what it cannot parse; answers come from elsewhere and may hold anything.
    google::protobuf::SetLogHandler(nullptr);
    return zwallet::run(argc, argv);
}
