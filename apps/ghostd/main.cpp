#include "ghostd/app.hpp"

int main(int argc, char** argv) { return ghostd::run(argc, argv); }
