#include "ghostbridge/headers.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bridge_client/caller.hpp"
#include "bridge_client/fields.hpp"
#include "ghostbridge/registry.hpp"
#include "rpc/method.hpp"

namespace ghostbridge {
namespace {

using rpc::H3Code;

bool is_hop_by_hop(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 6> kNames{"connection",        "keep-alive", "proxy-connection",
                                                            "transfer-encoding", "upgrade",    "proxy-authorization"};
    return std::ranges::find(kNames, name) != kNames.end();
}

/// "application/grpc", also with a suffix ("+proto") or parameters.
bool is_grpc_content(std::string_view type) noexcept {
    constexpr std::string_view kGrpc = "application/grpc";
    if (!type.starts_with(kGrpc)) return false;
    type.remove_prefix(kGrpc.size());
    return type.empty() || type.front() == '+' || type.front() == ';';
}

Refusal refuse(rpc::StatusCode code, std::string message) { return {200, {code, std::move(message)}}; }

constexpr std::array<std::pair<std::uint32_t, H3Code>, 6> kCodes{{
    {NGHTTP2_CANCEL, H3Code::request_cancelled},
    {NGHTTP2_REFUSED_STREAM, H3Code::request_rejected},
    {NGHTTP2_ENHANCE_YOUR_CALM, H3Code::excessive_load},
    {NGHTTP2_INTERNAL_ERROR, H3Code::internal_error},
    {NGHTTP2_NO_ERROR, H3Code::no_error},
    {NGHTTP2_PROTOCOL_ERROR, H3Code::message_error},
}};

}  // namespace

std::expected<CallRequest, Refusal> parse_request(rpc::Fields fields) {
    const auto* const method = rpc::find_field(fields, ":method");
    if (!method || *method != "POST") return std::unexpected{Refusal{405, {rpc::StatusCode::internal, "use POST"}}};
    const auto* const type = rpc::find_field(fields, "content-type");
    if (!type || !is_grpc_content(*type))
        return std::unexpected{Refusal{415, {rpc::StatusCode::internal, "content-type must be application/grpc"}}};
    const auto* const path = rpc::find_field(fields, ":path");
    CallRequest request;
    request.path = path ? *path : std::string{};
    request.service = rpc::service_of(request.path);
    if (!valid_service_name(request.service) || request.path.size() <= request.service.size() + 2 ||
        request.path.size() > 2 * kServiceNameMax)
        return std::unexpected{refuse(rpc::StatusCode::unimplemented, "the path is not /package.Service/Method")};
    if (const auto* const timeout = rpc::find_field(fields, "grpc-timeout")) {
        const auto parsed = rpc::parse_timeout_ns(*timeout);
        if (!parsed) return std::unexpected{refuse(rpc::StatusCode::internal, "malformed grpc-timeout")};
        request.timeout_ns = *parsed;
    }
    if (const auto* const key = rpc::find_field(fields, bridge_client::kInstanceKeyField)) {
        const auto bytes = base::fixed_from_hex<32>(*key);
        if (!bytes)
            return std::unexpected{refuse(rpc::StatusCode::invalid_argument,
                                          "ghost-instance-key is not a public key of 64 hexadecimal digits")};
        request.instance_key = *bytes;
    }
    request.fields = std::move(fields);
    return request;
}

rpc::Fields forward_request(const CallRequest& request, std::uint64_t time_left_ns, const rpc::Peer& caller,
                            bool listed) {
    rpc::Fields out;
    out.reserve(request.fields.size() + 5);
    const auto add_pseudo = [&](std::string_view name) {
        if (const auto* const value = rpc::find_field(request.fields, name)) out.push_back({std::string{name}, *value});
    };
    add_pseudo(":method");
    add_pseudo(":scheme");
    add_pseudo(":path");
    add_pseudo(":authority");
    if (!rpc::find_field(request.fields, ":authority"))
        if (const auto* const host = rpc::find_field(request.fields, "host")) out.push_back({":authority", *host});
    for (const auto& field : request.fields) {
        const std::string_view name = field.name;
        if (name.starts_with(':') || name == "host" || name == "te" || name == "grpc-timeout" ||
            bridge_client::is_caller_field(name) || name == bridge_client::kInstanceKeyField || is_hop_by_hop(name))
            continue;
        out.push_back(field);
    }
    out.push_back({"te", "trailers"});
    if (time_left_ns != rpc::kNoDeadline) out.push_back({"grpc-timeout", rpc::format_timeout(time_left_ns)});
    bridge_client::add_caller(out, caller, listed);
    return out;
}

rpc::Fields forward_response(rpc::Fields fields) {
    std::erase_if(fields, [](const auto& field) { return is_hop_by_hop(field.name) || field.name == "te"; });
    return fields;
}

bool has_grpc_status(const rpc::Fields& fields) noexcept { return rpc::find_field(fields, "grpc-status") != nullptr; }

rpc::StatusCode grpc_status_of(const rpc::Fields& fields) noexcept {
    const auto* const text = rpc::find_field(fields, "grpc-status");
    if (!text || text->empty() || text->size() > 2) return rpc::StatusCode::unknown;
    std::uint32_t number = 0;
    for (const char c : *text) {
        if (c < '0' || c > '9') return rpc::StatusCode::unknown;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return rpc::status_code_from_number(number);
}

rpc::Fields status_trailers(const rpc::Status& status) {
    rpc::Fields fields{{"grpc-status", std::to_string(static_cast<unsigned>(status.code))}};
    if (!status.message.empty()) fields.push_back({"grpc-message", rpc::percent_encode(status.message)});
    return fields;
}

rpc::Fields refusal_fields(const Refusal& refusal) {
    rpc::Fields fields{{":status", std::to_string(refusal.http_status)}, {"content-type", "application/grpc"}};
    if (refusal.http_status == 405) fields.push_back({"allow", "POST"});
    for (auto& field : status_trailers(refusal.status)) fields.push_back(std::move(field));
    return fields;
}

std::uint64_t h3_from_h2(std::uint32_t code) noexcept {
    for (const auto& [h2, h3] : kCodes)
        if (h2 == code) return static_cast<std::uint64_t>(h3);
    return static_cast<std::uint64_t>(H3Code::internal_error);
}

std::uint32_t h2_from_h3(std::uint64_t code) noexcept {
    for (const auto& [h2, h3] : kCodes)
        if (static_cast<std::uint64_t>(h3) == code) return h2;
    return code == static_cast<std::uint64_t>(H3Code::request_incomplete) ? NGHTTP2_CANCEL : NGHTTP2_INTERNAL_ERROR;
}

}  // namespace ghostbridge
