#pragma once
// A typed stub is one line a method:
//
//   inline constexpr rpc::UnaryMethod<v1::BlockRequest, v1::Block>
//   kGetBlock{"/ghost.chain.v1.BlockchainService/GetBlock"};
//
// The same constant registers a handler (Server::add) and makes a call (Channel::call, Channel::open).
// `Req` and `Res` are protobuf messages; this header does not need their definition.

#include <string_view>

namespace rpc {

template <typename Req, typename Res>
struct UnaryMethod {
    using Request = Req;
    using Response = Res;
    std::string_view path;  ///< "/package.Service/Method"; static lifetime.
};

/// One request, a stream of responses.
template <typename Req, typename Res>
struct ServerStreamMethod {
    using Request = Req;
    using Response = Res;
    std::string_view path;
};

/// A stream of requests, one response.
template <typename Req, typename Res>
struct ClientStreamMethod {
    using Request = Req;
    using Response = Res;
    std::string_view path;
};

/// Streams both ways, independent of one another.
template <typename Req, typename Res>
struct BidiMethod {
    using Request = Req;
    using Response = Res;
    std::string_view path;
};

/// "package.Service" of "/package.Service/Method"; empty when malformed.
constexpr std::string_view service_of(std::string_view path) noexcept {
    if (path.empty() || path.front() != '/') return {};
    const auto slash = path.find('/', 1);
    return slash == path.npos ? std::string_view{} : path.substr(1, slash - 1);
}

}  // namespace rpc
