#pragma once

namespace rpc_bench {

/// `serve` and `call` over QUIC. The process's exit code.
int serve_ours();
int call_ours(int argc, char** argv);

}  // namespace rpc_bench
