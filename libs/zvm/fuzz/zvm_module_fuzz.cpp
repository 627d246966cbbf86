// Any bytes: the decoder either refuses them or gives a module that can be printed and instantiated, in both profiles.
#include <span>

#include "base/bytes.hpp"
#include "zvm/disasm.hpp"
#include "zvm/instance.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto wasm = std::as_bytes(std::span{data, size});
    const auto contract = zvm::Module::load(wasm, zvm::LoadOptions::contract());
    const auto spec = zvm::Module::load(wasm, zvm::LoadOptions::spec());
    // The contract profile is the narrower one; only threads and memory64 are worded otherwise.
    GC_ASSERT(!contract || spec);
    if (contract) {
        for (std::uint32_t i = 0; i < (*contract)->code_count(); ++i) (void)zvm::disassemble(**contract, i);
        (void)(*contract)->function_name(0);
    }
    return 0;
}
