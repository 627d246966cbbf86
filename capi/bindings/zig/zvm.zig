//! Bindings of libzvm, GhostChain's WebAssembly contract runtime; `ghost/zvm.h` says what each function promises.
//! Build with `-lzvm`.

pub const GHOST_OK: c_int = 0;
pub const GHOST_ERR_INVALID_ARGUMENT: c_int = -1;
pub const GHOST_ERR_INVALID_LENGTH: c_int = -2;
pub const GHOST_ERR_OUT_OF_RANGE: c_int = -6;
pub const GHOST_ERR_OUT_OF_MEMORY: c_int = -8;
pub const GHOST_ERR_INTERNAL: c_int = -11;
pub const GHOST_ERR_NOT_FOUND: c_int = -12;
pub const GHOST_ERR_DENIED: c_int = -18;
pub const GHOST_ERR_MALFORMED: c_int = -19;
pub const GHOST_ERR_OUT_OF_GAS: c_int = -20;
pub const GHOST_ERR_TRAP: c_int = -21;

pub const ZVM_INSTANCE_CHAIN: u32 = 1;
pub const ZVM_CODE_BYTES_MAX: usize = 256 * 1024;
pub const ZVM_INPUT_BYTES_MAX: usize = 64 * 1024;
pub const ZVM_STATE_KEY_MAX: usize = 256;
pub const ZVM_STATE_VALUE_MAX: usize = 64 * 1024;
pub const ZVM_MEMORY_PAGES_MAX: u32 = 64;
pub const ZVM_GAS_LIMIT_DEFAULT: u64 = 1_000_000_000;

pub const VmInstance = opaque {};
pub const ExecutionResult = opaque {};
pub const ContractResult = opaque {};
pub const zvm_event = extern struct {
    topics: ?[*]const u8,
    topic_count: usize,
    data: ?[*]const u8,
    data_len: usize,
};

pub extern fn ghost_error_string(code: c_int) [*:0]const u8;
pub extern fn zvm_version() [*:0]const u8;
pub extern fn zvm_gas_version() u32;
pub extern fn zvm_last_error() [*:0]const u8;
pub extern fn zvm_validate(bytecode: ?[*]const u8, bytecode_len: usize) c_int;
pub extern fn zvm_create_instance(bytecode: ?[*]const u8, bytecode_len: usize) ?*VmInstance;
pub extern fn zvm_create_instance_with(bytecode: ?[*]const u8, bytecode_len: usize, flags: u32) ?*VmInstance;
pub extern fn zvm_destroy_instance(instance: ?*VmInstance) void;
pub extern fn zvm_set_gas_limit(instance: ?*VmInstance, gas: u64) c_int;
pub extern fn zvm_gas_limit(instance: ?*const VmInstance) u64;
pub extern fn zvm_set_addresses(instance: ?*VmInstance, caller: ?[*]const u8, self: ?[*]const u8) c_int;
pub extern fn zvm_set_block(instance: ?*VmInstance, height: u64, time_ms: u64, chain_id: u64) c_int;
pub extern fn zvm_has_function(instance: ?*const VmInstance, function_name: [*:0]const u8) c_int;
pub extern fn zvm_execute_function(instance: ?*VmInstance, function_name: [*:0]const u8, args: ?[*]const u8, args_len: usize) ?*ExecutionResult;
pub extern fn zvm_get_state(instance: ?*VmInstance, key: ?[*]const u8, key_len: usize, value: ?[*]u8, max_len: usize) isize;
pub extern fn zvm_set_state(instance: ?*VmInstance, key: ?[*]const u8, key_len: usize, value: ?[*]const u8, value_len: usize) c_int;
pub extern fn zvm_delete_state(instance: ?*VmInstance, key: ?[*]const u8, key_len: usize) c_int;
pub extern fn zvm_result_status(result: ?*const ExecutionResult) c_int;
pub extern fn zvm_result_message(result: ?*const ExecutionResult) [*:0]const u8;
pub extern fn zvm_result_trace(result: ?*const ExecutionResult) [*:0]const u8;
pub extern fn zvm_result_reverted(result: ?*const ExecutionResult) c_int;
pub extern fn zvm_result_gas_used(result: ?*const ExecutionResult) u64;
pub extern fn zvm_result_count(result: ?*const ExecutionResult) usize;
pub extern fn zvm_result_value(result: ?*const ExecutionResult, index: usize) u64;
pub extern fn zvm_result_data(result: ?*const ExecutionResult, len: ?*usize) ?[*]const u8;
pub extern fn zvm_result_event_count(result: ?*const ExecutionResult) usize;
pub extern fn zvm_result_event(result: ?*const ExecutionResult, index: usize, event: ?*zvm_event) c_int;
pub extern fn zvm_free_execution_result(result: ?*ExecutionResult) void;
pub extern fn zvm_execute_contract(bytecode: ?[*]const u8, bytecode_len: usize, input_data: ?[*]const u8, input_len: usize) ?*ContractResult;
pub extern fn zvm_contract_result_status(result: ?*const ContractResult) c_int;
pub extern fn zvm_contract_result_message(result: ?*const ContractResult) [*:0]const u8;
pub extern fn zvm_contract_result_reverted(result: ?*const ContractResult) c_int;
pub extern fn zvm_contract_result_gas_used(result: ?*const ContractResult) u64;
pub extern fn zvm_contract_result_data(result: ?*const ContractResult, len: ?*usize) ?[*]const u8;
pub extern fn zvm_contract_result_event_count(result: ?*const ContractResult) usize;
pub extern fn zvm_contract_result_event(result: ?*const ContractResult, index: usize, event: ?*zvm_event) c_int;
pub extern fn zvm_free_contract_result(result: ?*ContractResult) void;
