// The scan of decrypted packets for STOP_SENDING: bounded, and it finds what is put in front.

#include <cstdlib>

#include "../src/frame_scan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kMax = 4;
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    std::vector<zquic::StopSending> found;
    zquic::scan_stop_sending(input, found, kMax);
    if (found.size() > kMax) std::abort();
    base::Bytes with{std::byte{0x05}, std::byte{0x08}, std::byte{0x2a}};
    with.insert(with.end(), input.begin(), input.end());
    std::vector<zquic::StopSending> more;
    zquic::scan_stop_sending(with, more, kMax);
    if (more.empty() || !(more[0] == zquic::StopSending{.stream_id = 8, .code = 42})) std::abort();
    return 0;
}
