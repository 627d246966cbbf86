// The scan of decrypted packets: bounded, and it finds what is put in front.

#include <cstdlib>

#include "../src/frame_scan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kMax = 4;
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    std::vector<zquic::StopSending> found;
    const auto plain = zquic::scan_frames(input, found, kMax);
    if (found.size() > kMax) std::abort();
    base::Bytes with{std::byte{0x05}, std::byte{0x08}, std::byte{0x2a}};
    with.insert(with.end(), input.begin(), input.end());
    std::vector<zquic::StopSending> more;
    const auto scan = zquic::scan_frames(with, more, kMax);
    if (more.empty() || !(more[0] == zquic::StopSending{.stream_id = 8, .code = 42})) std::abort();
    // A frame in front hides nothing of what comes behind it.
    if (scan.handshake_done != plain.handshake_done) std::abort();
    with.insert(with.begin(), std::byte{0x1e});
    if (!zquic::scan_frames(with, more, kMax).handshake_done) std::abort();
    return 0;
}
