// The same bytes cut at random places must give the same messages as in one piece, and gzip never passes its bound.
#include <cstdint>
#include <string>
#include <vector>

#include "../src/inbound.hpp"
#include "rpc/framing.hpp"

namespace {

constexpr std::size_t kMessageMax = 4096;

struct Outcome {
    std::vector<std::string> messages;
    rpc::StatusCode end = rpc::StatusCode::ok;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read_all(base::ByteView wire, std::size_t step) {
    rpc::Inbound inbound{kMessageMax};
    inbound.set_encoding(rpc::Encoding::gzip);
    Outcome outcome;
    std::size_t credit = 0;
    const auto take = [&] {
        while (true) {
            const auto message = inbound.next();
            if (!message) {
                outcome.end = message.error().code;
                return false;
            }
            if (!*message) return true;
            GC_ASSERT((*message)->size() <= kMessageMax);
            outcome.messages.emplace_back(base::as_text(**message));
        }
    };
    for (std::size_t at = 0; at < wire.size(); at += step) {
        const auto chunk = wire.subspan(at, std::min(step, wire.size() - at));
        inbound.append(chunk);
        if (!take()) return outcome;
        credit += inbound.take_credit(at % 2 == 0);
        GC_ASSERT(credit <= at + chunk.size());
    }
    inbound.end();
    take();
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto wire = std::as_bytes(std::span{data + 1, size - 1});
    const auto whole = read_all(wire, std::max<std::size_t>(wire.size(), 1));
    const auto pieces = read_all(wire, 1 + data[0] % 64);
    GC_ASSERT(whole == pieces);
    return 0;
}
