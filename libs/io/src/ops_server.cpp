#include "io/ops_server.hpp"

#include <microhttpd.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/metrics.hpp"
#include "socket_options.hpp"

namespace io {
namespace {

constexpr unsigned kConnectionsMax = 32;
constexpr unsigned kTimeoutSeconds = 10;
constexpr std::size_t kConnectionBytesMax = 16384;
constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

struct Answer {
    unsigned status;
    const char* type;
    std::string body;
};

MHD_Result queue(MHD_Connection* connection, const Answer& answer) {
    // MHD copies the body; the cast is its interface.
    auto* const response = MHD_create_response_from_buffer(answer.body.size(), const_cast<char*>(answer.body.data()),
                                                           MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    const auto queued = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

/// Readiness is one line, whatever the callback gives.
std::string one_line(std::string text) {
    for (auto& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text + '\n';
}

}  // namespace

struct OpsServer::State {
    const base::MetricsRegistry& metrics;
    std::function<Readiness()> ready;
    std::uint16_t port = 0;
    MHD_Daemon* daemon = nullptr;

    [[nodiscard]] Answer answer(std::string_view method, std::string_view path) const;
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                 const char* version, const char* body, std::size_t* body_size, void** seen);
};

Answer OpsServer::State::answer(std::string_view method, std::string_view path) const {
    if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD)
        return {MHD_HTTP_METHOD_NOT_ALLOWED, kPlainText, "only GET\n"};
    if (path == "/metrics") return {MHD_HTTP_OK, kExposition, metrics.render()};
    if (path == "/healthz") return {MHD_HTTP_OK, kPlainText, "ok\n"};
    if (path == "/readyz") {
        auto state = ready ? ready() : Readiness{.ready = true, .reason = {}};
        if (state.reason.empty()) state.reason = state.ready ? "ready" : "not ready";
        return {state.ready ? unsigned{MHD_HTTP_OK} : unsigned{MHD_HTTP_SERVICE_UNAVAILABLE}, kPlainText,
                one_line(std::move(state.reason))};
    }
    return {MHD_HTTP_NOT_FOUND, kPlainText, "try /metrics, /healthz or /readyz\n"};
}

MHD_Result OpsServer::State::on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                        const char*, const char*, std::size_t*, void** seen) {
    // MHD calls once for the head and again when the request is complete; answering the head of a request with a body
    // refuses the body.
    static constexpr std::string_view kGet = MHD_HTTP_METHOD_GET;
    if (!*seen && method == kGet) {
        *seen = connection;
        return MHD_YES;
    }
    return queue(connection, static_cast<const State*>(self)->answer(method, url));
}

base::Checked<std::unique_ptr<OpsServer>> OpsServer::start(Options options, const base::MetricsRegistry& metrics,
                                                           std::function<Readiness()> ready) {
    static constexpr const char* kWhat = "cannot serve metrics and health on";
    GC_TRY(auto fd, bind_socket(options.address, {.type = SOCK_STREAM, .what = kWhat}));
    if (::listen(fd.get(), static_cast<int>(kConnectionsMax)) != 0)
        return explain_errno(errno, std::string{kWhat} + ' ' + options.address.to_string());
    auto state = std::make_unique<State>(metrics, std::move(ready), local_address_of(fd.get()).port());
    // The daemon owns the descriptor from here on.
    state->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, nullptr, nullptr, &State::on_request, state.get(),
                                     MHD_OPTION_LISTEN_SOCKET, fd.release(), MHD_OPTION_CONNECTION_LIMIT,
                                     kConnectionsMax, MHD_OPTION_CONNECTION_TIMEOUT, kTimeoutSeconds,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytesMax, MHD_OPTION_END);
    if (!state->daemon)
        return base::explain(Errc::limit_reached, std::string{kWhat} + ' ' + options.address.to_string() +
                                                      ": the HTTP server does not start");
    return std::unique_ptr<OpsServer>{new OpsServer{std::move(state)}};
}

OpsServer::OpsServer(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
OpsServer::~OpsServer() { MHD_stop_daemon(state_->daemon); }
std::uint16_t OpsServer::bound_port() const noexcept { return state_->port; }

}  // namespace io
