#include "base/process.hpp"
#include "ghostd/app.hpp"

int main(int argc, char** argv) {
    base::harden_process();
    return ghostd::run(argc, argv);
}
