#pragma once

namespace rpc {

class Server;

/// Registers grpc.reflection.v1 and v1alpha on `server`, which must outlive its calls.
void add_reflection(Server& server);

}  // namespace rpc
