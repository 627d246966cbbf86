#include <cstdio>
#include <exception>

#include "base/process.hpp"
#include "zcrypto_tool/app.hpp"

int main(int argc, char** argv) {
    base::harden_process();
    try {
        return zcrypto_tool::run(argc, argv);
    } catch (const std::exception& error) {  // out of memory, or standard output is gone
        std::fprintf(stderr, "zcrypto: %s\n", error.what());
        return zcrypto_tool::Exit::failed;
    }
}
