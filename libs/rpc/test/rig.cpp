#include "rig.hpp"

namespace rpc::test {

void Rig::make(ServerOptions server_options, ChannelOptions channel_options, const io::SocketAddress& address) {
    server = Server::make(*reactor, server_options);
    listen(address);
    channel = Channel::make(*reactor, connector(), std::move(channel_options));
}

void Rig::listen(io::SocketAddress address) {
    if (GetParam() == Transport::loopback) return;
    auto started = QuicListener::start(
        *server,
        {.address = address,
         .identity = server_identity,
         .accept_key = [key = client_identity.public_key()](const zquic::PublicKey& shown) { return shown == key; }});
    ASSERT_TRUE(started) << started.error().text;
    listener = std::move(*started);
}

std::unique_ptr<Connector> Rig::connector() {
    if (GetParam() == Transport::loopback) {
        constexpr std::size_t kWindow = 64 * 1024;
        return make_loopback(
            *reactor, kWindow,
            [this](std::unique_ptr<HttpStream> stream) {
                if (server) server->accept(std::move(stream));
            },
            Peer{.address = {}, .public_key = client_identity.public_key()});
    }
    return make_quic_connector(*reactor, {.server = listener->bound_address(),
                                          .server_keys = {*server_identity.public_key()},
                                          .identity = client_identity});
}

void Rig::TearDown() {
    channel.reset();
    listener.reset();
    server.reset();
}

}  // namespace rpc::test
