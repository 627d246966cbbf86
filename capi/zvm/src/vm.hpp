#pragma once
// What stands behind the opaque types of ghost/zvm.h.

#include <memory>
#include <string>
#include <vector>

#include "ghost/zvm.h"
#include "local_host.hpp"
#include "zvm/machine.hpp"

namespace capi::zvm_local {

/// How an execution ended; what both result types hold.
struct Outcome {
    int status = GHOST_OK;
    bool reverted = false;
    std::string message;
    std::string trace;
    std::uint64_t gas_used = 0;
    std::vector<zvm::Slot> values;
    bool has_data = false;
    base::Bytes data;
    std::vector<Event> events;

    void fail(int code, std::string text) {
        status = code;
        message = std::move(text);
    }
};

class Vm {
 public:
    /// zvm::Errc::out_of_memory is the system's fault, every other error the module's.
    static base::Result<std::unique_ptr<Vm>> make(base::ByteView wasm, std::uint32_t flags);
    Outcome execute(std::string_view function, base::ByteView args);
    [[nodiscard]] bool has_function(std::string_view name) const { return module().find_function(name).has_value(); }
    [[nodiscard]] const zvm::Module& module() const noexcept { return instance_->module(); }

    LocalHost host;
    std::uint64_t gas_limit = ZVM_GAS_LIMIT_DEFAULT;
    std::uint32_t flags = 0;

 private:
    void run(const zvm::Function& function, const std::vector<zvm::Slot>& args, Outcome& out);

    std::unique_ptr<zvm::Instance> instance_;
    std::unique_ptr<zvm::Machine> machine_ = zvm::Machine::make();
};

}  // namespace capi::zvm_local
