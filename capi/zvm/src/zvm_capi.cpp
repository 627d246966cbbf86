// The functions of ghost/zvm.h. Each checks its pointers, and lets nothing through but codes and handles.
#include <climits>

#include "../../common/guarded.hpp"
#include "vm.hpp"
#include "zvm/contract.hpp"
#include "zvm/errc.hpp"
#include "zvm/gas.hpp"

namespace local = capi::zvm_local;

struct VmInstance {
    std::unique_ptr<local::Vm> vm;
};
struct ExecutionResult {
    local::Outcome outcome;
};
struct ContractResult {
    local::Outcome outcome;
};

namespace {

constexpr const char* kLibrary = "zvm";

int refuse(int code, const char* note) noexcept { return capi::refuse(code, kLibrary, note); }

/// Why a module is no instance.
int refuse(const base::Error& error) noexcept {
    const int code = error.is(zvm::Errc::out_of_memory) ? GHOST_ERR_OUT_OF_MEMORY : GHOST_ERR_MALFORMED;
    return capi::report(code, error.domain->name, error.domain->describe(error.code), error.note);
}

/// Runs `body`, which returns a pointer; an exception becomes null.
template <typename Body>
auto pointer_or_null(Body&& body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        refuse(GHOST_ERR_OUT_OF_MEMORY, "");
    } catch (...) {
        refuse(GHOST_ERR_INTERNAL, "");
    }
    return nullptr;
}

template <typename Body>
int code_or_error(Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return refuse(GHOST_ERR_OUT_OF_MEMORY, "");
    } catch (...) {
        return refuse(GHOST_ERR_INTERNAL, "");
    }
}

/// Where bytes lie; never null, also when there are none: slices of other languages may not be.
const uint8_t* as_c(base::ByteView bytes) noexcept {
    static constexpr uint8_t kNothing[1] = {0};
    return bytes.empty() ? kNothing : reinterpret_cast<const uint8_t*>(bytes.data());
}

const uint8_t* data_of(const local::Outcome* outcome, size_t* len) noexcept {
    const bool has_data = outcome && outcome->has_data;
    if (len) *len = has_data ? outcome->data.size() : 0;
    return has_data ? as_c(outcome->data) : nullptr;
}

int event_of(const local::Outcome* outcome, size_t index, zvm_event* event) noexcept {
    if (!outcome || !event) return refuse(GHOST_ERR_INVALID_ARGUMENT, "event");
    if (index >= outcome->events.size()) return refuse(GHOST_ERR_OUT_OF_RANGE, "event");
    const auto& from = outcome->events[index];
    event->topics = from.topics.empty() ? as_c({}) : as_c(from.topics.front());
    event->topic_count = from.topics.size();
    event->data = as_c(from.data);
    event->data_len = from.data.size();
    return GHOST_OK;
}

bool is_key(const uint8_t* key, size_t key_len) noexcept { return capi::given(key, key_len); }

/// What zvm_set_state and zvm_delete_state have in common.
int may_write(const VmInstance* instance, const uint8_t* key, size_t key_len) noexcept {
    if (!instance || !is_key(key, key_len)) return refuse(GHOST_ERR_INVALID_ARGUMENT, "state");
    if (instance->vm->flags & ZVM_INSTANCE_CHAIN) return refuse(GHOST_ERR_DENIED, "state of a chain instance");
    if (key_len > ZVM_STATE_KEY_MAX) return refuse(GHOST_ERR_OUT_OF_RANGE, "key");
    return GHOST_OK;
}

const local::Outcome* outcome_of(const ExecutionResult* result) noexcept { return result ? &result->outcome : nullptr; }
const local::Outcome* outcome_of(const ContractResult* result) noexcept { return result ? &result->outcome : nullptr; }

}  // namespace

extern "C" {

const char* zvm_version(void) { return GHOST_VERSION; }
uint32_t zvm_gas_version(void) { return zvm::gas::kGasVersion; }
const char* zvm_last_error(void) { return capi::last_error().data(); }

int zvm_validate(const uint8_t* bytecode, size_t bytecode_len) {
    if (!capi::given(bytecode, bytecode_len)) return refuse(GHOST_ERR_INVALID_ARGUMENT, "bytecode");
    return code_or_error([&] {
        const auto contract = zvm::load_contract(capi::bytes(bytecode, bytecode_len));
        if (contract) return GHOST_OK;
        const auto& error = contract.error();
        const bool is_ours = error.error.is(zvm::Errc::out_of_memory);
        return capi::report(is_ours ? GHOST_ERR_OUT_OF_MEMORY : GHOST_ERR_MALFORMED, kLibrary, error.text.c_str(), "");
    });
}

VmInstance* zvm_create_instance(const uint8_t* bytecode, size_t bytecode_len) {
    return zvm_create_instance_with(bytecode, bytecode_len, 0);
}

VmInstance* zvm_create_instance_with(const uint8_t* bytecode, size_t bytecode_len, uint32_t flags) {
    if (!capi::given(bytecode, bytecode_len) || (flags & ~ZVM_INSTANCE_CHAIN)) {
        refuse(GHOST_ERR_INVALID_ARGUMENT, "instance");
        return nullptr;
    }
    return pointer_or_null([&]() -> VmInstance* {
        auto vm = local::Vm::make(capi::bytes(bytecode, bytecode_len), flags);
        if (vm) return new VmInstance{std::move(*vm)};
        refuse(vm.error());
        return nullptr;
    });
}

void zvm_destroy_instance(VmInstance* instance) { delete instance; }

int zvm_set_gas_limit(VmInstance* instance, uint64_t gas) {
    if (!instance) return refuse(GHOST_ERR_INVALID_ARGUMENT, "instance");
    if (gas > INT64_MAX) return refuse(GHOST_ERR_OUT_OF_RANGE, "gas");
    instance->vm->gas_limit = gas;
    return GHOST_OK;
}
uint64_t zvm_gas_limit(const VmInstance* instance) { return instance ? instance->vm->gas_limit : 0; }

int zvm_set_addresses(VmInstance* instance, const uint8_t* caller, const uint8_t* self) {
    if (!instance) return refuse(GHOST_ERR_INVALID_ARGUMENT, "instance");
    if (caller) instance->vm->host.caller_address = capi::fixed<32>(caller);
    if (self) instance->vm->host.self_address = capi::fixed<32>(self);
    return GHOST_OK;
}

int zvm_set_block(VmInstance* instance, uint64_t height, uint64_t time_ms, uint64_t chain_id) {
    if (!instance) return refuse(GHOST_ERR_INVALID_ARGUMENT, "instance");
    instance->vm->host.block_facts = {height, time_ms, chain_id};
    return GHOST_OK;
}

int zvm_has_function(const VmInstance* instance, const char* function_name) {
    return instance && function_name && instance->vm->has_function(function_name);
}

ExecutionResult* zvm_execute_function(VmInstance* instance, const char* function_name, const uint8_t* args,
                                      size_t args_len) {
    if (!instance || !function_name || !capi::given(args, args_len)) {
        refuse(GHOST_ERR_INVALID_ARGUMENT, "execute");
        return nullptr;
    }
    return pointer_or_null([&] {
        auto result = std::make_unique<ExecutionResult>();
        result->outcome = instance->vm->execute(function_name, capi::bytes(args, args_len));
        if (result->outcome.status != GHOST_OK) {
            capi::report(result->outcome.status, kLibrary, result->outcome.message.c_str(), "");
        }
        return result.release();
    });
}

ssize_t zvm_get_state(VmInstance* instance, const uint8_t* key, size_t key_len, uint8_t* value, size_t max_len) {
    if (!instance || !is_key(key, key_len) || !capi::given(value, max_len)) {
        return refuse(GHOST_ERR_INVALID_ARGUMENT, "state");
    }
    if (key_len > ZVM_STATE_KEY_MAX) return refuse(GHOST_ERR_OUT_OF_RANGE, "key");
    ssize_t length = 0;
    const int code = code_or_error([&] {
        const auto found = instance->vm->host.storage_get(capi::bytes(key, key_len));
        if (!found) return refuse(GHOST_ERR_NOT_FOUND, "key");
        capi::give(found->first(std::min(found->size(), max_len)), value);
        length = static_cast<ssize_t>(found->size());
        return GHOST_OK;
    });
    return code == GHOST_OK ? length : code;
}

int zvm_set_state(VmInstance* instance, const uint8_t* key, size_t key_len, const uint8_t* value, size_t value_len) {
    if (const int code = may_write(instance, key, key_len); code != GHOST_OK) return code;
    if (!capi::given(value, value_len)) return refuse(GHOST_ERR_INVALID_ARGUMENT, "value");
    if (value_len > ZVM_STATE_VALUE_MAX) return refuse(GHOST_ERR_OUT_OF_RANGE, "value");
    return code_or_error([&] {
        instance->vm->host.set_state(capi::bytes(key, key_len), capi::bytes(value, value_len));
        return GHOST_OK;
    });
}

int zvm_delete_state(VmInstance* instance, const uint8_t* key, size_t key_len) {
    if (const int code = may_write(instance, key, key_len); code != GHOST_OK) return code;
    instance->vm->host.delete_state(capi::bytes(key, key_len));
    return GHOST_OK;
}

int zvm_result_status(const ExecutionResult* result) {
    return result ? result->outcome.status : GHOST_ERR_INVALID_ARGUMENT;
}
const char* zvm_result_message(const ExecutionResult* result) { return result ? result->outcome.message.c_str() : ""; }
const char* zvm_result_trace(const ExecutionResult* result) { return result ? result->outcome.trace.c_str() : ""; }
int zvm_result_reverted(const ExecutionResult* result) { return result && result->outcome.reverted; }
uint64_t zvm_result_gas_used(const ExecutionResult* result) { return result ? result->outcome.gas_used : 0; }
size_t zvm_result_count(const ExecutionResult* result) { return result ? result->outcome.values.size() : 0; }
uint64_t zvm_result_value(const ExecutionResult* result, size_t index) {
    return result && index < result->outcome.values.size() ? result->outcome.values[index] : 0;
}
const uint8_t* zvm_result_data(const ExecutionResult* result, size_t* len) { return data_of(outcome_of(result), len); }
size_t zvm_result_event_count(const ExecutionResult* result) { return result ? result->outcome.events.size() : 0; }
int zvm_result_event(const ExecutionResult* result, size_t index, zvm_event* event) {
    return event_of(outcome_of(result), index, event);
}
void zvm_free_execution_result(ExecutionResult* result) { delete result; }

ContractResult* zvm_execute_contract(const uint8_t* bytecode, size_t bytecode_len, const uint8_t* input_data,
                                     size_t input_len) {
    return pointer_or_null([&] {
        auto result = std::make_unique<ContractResult>();
        auto& out = result->outcome;
        if (!capi::given(bytecode, bytecode_len) || !capi::given(input_data, input_len)) {
            out.fail(refuse(GHOST_ERR_INVALID_ARGUMENT, "contract"), ghost_error_string(GHOST_ERR_INVALID_ARGUMENT));
            return result.release();
        }
        const auto vm = local::Vm::make(capi::bytes(bytecode, bytecode_len), 0);
        if (vm) {
            out = (*vm)->execute("call", capi::bytes(input_data, input_len));
            if (out.status != GHOST_OK) capi::report(out.status, kLibrary, out.message.c_str(), "");
        } else {
            const int code = refuse(vm.error());
            out.fail(code, zvm_last_error());
        }
        return result.release();
    });
}
int zvm_contract_result_status(const ContractResult* result) {
    return result ? result->outcome.status : GHOST_ERR_INVALID_ARGUMENT;
}
const char* zvm_contract_result_message(const ContractResult* result) {
    return result ? result->outcome.message.c_str() : "";
}
int zvm_contract_result_reverted(const ContractResult* result) { return result && result->outcome.reverted; }
uint64_t zvm_contract_result_gas_used(const ContractResult* result) { return result ? result->outcome.gas_used : 0; }
const uint8_t* zvm_contract_result_data(const ContractResult* result, size_t* len) {
    return data_of(outcome_of(result), len);
}
size_t zvm_contract_result_event_count(const ContractResult* result) {
    return result ? result->outcome.events.size() : 0;
}
int zvm_contract_result_event(const ContractResult* result, size_t index, zvm_event* event) {
    return event_of(outcome_of(result), index, event);
}
void zvm_free_contract_result(ContractResult* result) { delete result; }

}  // extern "C"
