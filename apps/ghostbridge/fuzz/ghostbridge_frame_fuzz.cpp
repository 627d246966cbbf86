// Any bytes, fed in pieces whose sizes the input chooses: never crashes, holds a bounded amount, and what it finds
// does not depend on the cuts.

#include <algorithm>
#include <cstdlib>

#include "ghostbridge/frame.hpp"

namespace {

using namespace ghostbridge;
constexpr std::size_t kLogicalMax = 4096;

struct Outcome {
    base::Bytes data;
    std::vector<FrameReader::Item> items;
    base::Error error{};
    friend bool operator==(const Outcome& a, const Outcome& b) {
        return a.data == b.data && a.error == b.error &&
               std::ranges::equal(a.items, b.items, [](const auto& x, const auto& y) {
                   return x.type == y.type && x.payload == y.payload;
               });
    }
};

Outcome read_all(base::ByteView input, std::size_t piece) {
    FrameReader reader{kLogicalMax};
    Outcome out;
    while (true) {
        const auto part = input.first(std::min(piece, input.size()));
        input = input.subspan(part.size());
        reader.feed(part);
        while (true) {
            auto item = reader.next();
            if (!item) {
                out.error = item.error();
                if (!item.error().is(Errc::truncated)) return out;
                break;
            }
            if (item->type == FrameType::data)
                out.data.insert(out.data.end(), item->payload.begin(), item->payload.end());
            else
                out.items.push_back(std::move(*item));
        }
        if (reader.held_bytes() > kFrameHeaderSize + kFramePayloadMax + kLogicalMax) std::abort();
        if (input.empty()) return out;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto input = std::as_bytes(std::span{data + 1, size - 1});
    const auto whole = read_all(input, input.size() + 1);
    const auto cut = read_all(input, 1 + data[0] % 7);
    // The note of a truncation tells which part is missing and may differ; code and domain may not.
    if (!(whole == cut)) std::abort();
    for (const auto& item : whole.items) {
        const auto fields = decode_fields(item.payload, 64);
        if (fields && encode_fields(*fields) != item.payload) std::abort();
    }
    return 0;
}
