// Connection ids: what we issue names its worker; anything else names nobody, or (1 in 2^48) somebody.

#include <cstdlib>

#include "../src/connection_id.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const zquic::ConnectionIdCodec codec{{}};
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    const auto found = codec.worker_of(input);
    if (found && size != zquic::kConnectionIdSize) std::abort();
    if (size < 10) return 0;
    base::SeededRandom random{base::load_le<std::uint64_t>(input.data())};
    const auto worker = base::load_le<std::uint16_t>(input.data() + 8);
    const auto id = codec.issue(worker, random);
    const base::ByteView issued{reinterpret_cast<const std::byte*>(id.data), id.datalen};
    if (codec.worker_of(issued) != worker) std::abort();
    base::Bytes changed = base::to_bytes(issued);
    changed[10 + data[0] % 6] ^= std::byte{1};
    if (codec.worker_of(changed) == worker) std::abort();
    return 0;
}
