// A batch has the verdicts of its items one by one. Input: items of 32 (key) + 64 (signature) bytes; the message is the
// first byte of the key, so that a mutation of anything matters. Every item also appears beside a valid one.
#include <vector>

#include "zcrypto/ed25519.hpp"

namespace ed = zcrypto::ed25519;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kItem = 96;
    constexpr std::size_t kMaxItems = 12;
    static const ed::SigningKey good{ed::Seed{}};
    static const ed::Signature good_signature = good.sign(base::as_bytes("good"));
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    std::vector<ed::BatchItem> items;
    for (std::size_t at = 0; at + kItem <= size && items.size() < kMaxItems; at += kItem) {
        ed::BatchItem item{.key = {}, .message = input.subspan(at, 1), .signature = {}};
        std::memcpy(item.key.bytes.data(), input.data() + at, 32);
        std::memcpy(item.signature.bytes.data(), input.data() + at + 32, 64);
        items.push_back(item);
        items.push_back({.key = good.public_key(), .message = base::as_bytes("good"), .signature = good_signature});
    }
    base::SeededRandom random{size};
    const auto verdicts = ed::verify_batch_each(items, random);
    bool all = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool single = ed::verify(items[i].key, items[i].message, items[i].signature);
        GC_ASSERT(verdicts[i] == single);
        GC_ASSERT(i % 2 == 0 || single);
        GC_ASSERT(single || !ed::verify_strict(items[i].key, items[i].message, items[i].signature));
        all &= single;
    }
    GC_ASSERT(ed::verify_batch(items, random) == all);
    return 0;
}
