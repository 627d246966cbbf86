// The bytes of a hostile local peer: framing, then the request inside, as walletd's socket reads them.
#include "base/result.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "wallet_local/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto wire = std::as_bytes(std::span{data, size});
    while (true) {
        const auto frame = wallet_local::decode_frame(wire);
        if (!frame) return 0;
        GC_ASSERT(frame->size == frame->payload.size() + wallet_local::kHeaderBytes);
        const auto again = wallet_local::encode_frame(frame->payload);
        GC_ASSERT(again && base::equal(*again, wire.first(frame->size)));
        ghost::wallet::v1::LocalRequest request;
        (void)request.ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size()));
        wire = wire.subspan(frame->size);
    }
}
