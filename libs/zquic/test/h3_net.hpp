#pragma once
// An HTTP/3 client and server over the test network, and a handler that notes what happens to an exchange.

#include "support.hpp"

namespace zquic::test {

struct Events : h3::ExchangeHandler {
    std::vector<h3::Fields> headers;
    h3::Fields trailers;
    base::Bytes body;
    bool auto_consume = true;
    bool ended = false;
    std::optional<std::uint64_t> reset_code;
    std::optional<std::uint64_t> stop_code;
    std::optional<h3::ExchangeEnd> end;
    std::vector<base::Bytes> datagrams;
    std::function<void(h3::Exchange&)> at_headers;
    std::function<void(h3::Exchange&, base::ByteView)> data;
    std::function<void(h3::Exchange&)> at_end;
    std::function<void(h3::Exchange&)> writable;
    void on_headers(h3::Exchange& exchange, h3::Fields fields, bool) override {
        headers.push_back(std::move(fields));
        if (at_headers) at_headers(exchange);
    }
    void on_data(h3::Exchange& exchange, base::ByteView bytes) override {
        body.insert(body.end(), bytes.begin(), bytes.end());
        if (data) data(exchange, bytes);
        if (auto_consume) exchange.consume(bytes.size());
    }
    void on_trailers(h3::Exchange&, h3::Fields fields) override { trailers = std::move(fields); }
    void on_end(h3::Exchange& exchange) override {
        ended = true;
        if (at_end) at_end(exchange);
    }
    void on_reset(h3::Exchange&, std::uint64_t code) override { reset_code = code; }
    void on_stop_sending(h3::Exchange&, std::uint64_t code) override { stop_code = code; }
    void on_writable(h3::Exchange& exchange) override {
        if (writable) writable(exchange);
    }
    void on_datagram(h3::Exchange&, base::ByteView bytes) override { datagrams.push_back(base::to_bytes(bytes)); }
    void on_closed(h3::Exchange&, const h3::ExchangeEnd& how) override {
        EXPECT_FALSE(end) << "on_closed comes once";
        end = how;
    }
    [[nodiscard]] std::string status() const {
        if (headers.empty()) return "none";
        const auto* const found = h3::find_field(headers.back(), ":status");
        return found ? *found : "missing";
    }
};

class Http3 : public Net {
 protected:
    Http3() = default;
    ~Http3() override {
        http_client.reset();
        http_server.reset();
    }
    void serve_http(h3::RequestFactory factory, h3::Server::Options how = {}, EndpointConfig config = server_config()) {
        server = must(Endpoint::make(*reactor, std::move(config)));
        http_server = must(h3::Server::make(*server, std::move(how), std::move(factory)));
        client = must(Endpoint::make(*reactor, client_config()));
    }
    void open_client(h3::Limits limits = {}, std::optional<Identity> who = std::nullopt) {
        ConnectOptions how;
        how.address = server->bound_address();
        how.verifier = PinnedKey{*identity(1).public_key()};
        how.identity = std::move(who);
        http_client = must(h3::Client::connect(*client, std::move(how), limits,
                                               {.on_ready = [this] { ready = true; },
                                                .on_goaway = [this] { goaway = true; },
                                                .on_closed = [this](const CloseInfo& info) { closed = info; }}));
    }
    static h3::Fields get(const std::string& path) {
        return {{":method", "GET"}, {":scheme", "https"}, {":authority", "ghost"}, {":path", path}};
    }
    static h3::Fields post(const std::string& path) {
        auto fields = get(path);
        fields[0].value = "POST";
        return fields;
    }
    h3::Exchange& ask(const h3::Fields& fields, bool fin, const std::shared_ptr<Events>& events) {
        return *must(http_client->request(fields, fin, events));
    }

    std::unique_ptr<h3::Server> http_server;
    std::unique_ptr<h3::Client> http_client;
    bool ready = false;
    bool goaway = false;
    std::optional<CloseInfo> closed;
};

/// Answers 200 with the request's body as it comes, and trailers.
inline std::shared_ptr<h3::ExchangeHandler> echo_server(h3::Exchange& exchange, h3::Fields, bool) {
    must(exchange.send_headers({{":status", "200"}, {"content-type", "application/test"}}, false));
    auto events = std::make_shared<Events>();
    events->data = [](h3::Exchange& at, base::ByteView bytes) {
        if (!bytes.empty()) must(at.send_data(Buffer::copy(bytes), false));
    };
    events->at_end = [](h3::Exchange& at) { must(at.send_trailers({{"grpc-status", "0"}, {"x-end", "yes"}})); };
    return events;
}

}  // namespace zquic::test
