#include "zvm_tool/app.hpp"

int main(int argc, char** argv) { return zvm_tool::run(argc, argv); }
