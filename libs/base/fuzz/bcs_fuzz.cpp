// Drives a reader with operations chosen by the input and checks that what was read encodes to what was consumed.
#include "base/bcs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    const auto script = data[0];
    base::BcsReader reader{input.subspan(1)};
    base::BcsWriter again;
    for (int step = 0; step < 8 && reader.ok(); ++step) {
        switch ((script >> (step % 4)) % 5) {
            case 0:
                if (const auto value = reader.u64(); reader.ok()) again.u64(value);
                break;
            case 1:
                if (const auto value = reader.uleb(1u << 20); reader.ok()) again.uleb(value);
                break;
            case 2:
                if (const auto value = reader.bytes(1u << 16); reader.ok()) again.bytes(value);
                break;
            case 3:
                if (const auto value = reader.string(1u << 16); reader.ok()) again.string(value);
                break;
            case 4:
                if (const auto value = reader.boolean(); reader.ok()) again.boolean(value);
                break;
        }
    }
    if (reader.ok()) GC_ASSERT(base::equal(again.view(), input.subspan(1, input.size() - 1 - reader.rest().size())));
    return 0;
}
