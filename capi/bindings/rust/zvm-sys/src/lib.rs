//! Bindings of libzvm, GhostChain's WebAssembly contract runtime. What each function promises is said in
//! `ghost/zvm.h`; the rules that Rust cannot check are: pointers are valid for the lengths beside them, and an instance
//! is used by one thread at a time.
#![allow(non_camel_case_types)]
#![no_std]

use core::ffi::{c_char, c_int};

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

#[repr(C)]
pub struct VmInstance {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct ExecutionResult {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct ContractResult {
    _opaque: [u8; 0],
}
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zvm_event {
    pub topics: *const u8,
    pub topic_count: usize,
    pub data: *const u8,
    pub data_len: usize,
}

#[link(name = "zvm")]
extern "C" {
    pub fn ghost_error_string(code: c_int) -> *const c_char;
    pub fn zvm_version() -> *const c_char;
    pub fn zvm_gas_version() -> u32;
    pub fn zvm_last_error() -> *const c_char;
    pub fn zvm_validate(bytecode: *const u8, bytecode_len: usize) -> c_int;
    pub fn zvm_create_instance(bytecode: *const u8, bytecode_len: usize) -> *mut VmInstance;
    pub fn zvm_create_instance_with(bytecode: *const u8, bytecode_len: usize, flags: u32) -> *mut VmInstance;
    pub fn zvm_destroy_instance(instance: *mut VmInstance);
    pub fn zvm_set_gas_limit(instance: *mut VmInstance, gas: u64) -> c_int;
    pub fn zvm_gas_limit(instance: *const VmInstance) -> u64;
    pub fn zvm_set_addresses(instance: *mut VmInstance, caller: *const u8, self_: *const u8) -> c_int;
    pub fn zvm_set_block(instance: *mut VmInstance, height: u64, time_ms: u64, chain_id: u64) -> c_int;
    pub fn zvm_has_function(instance: *const VmInstance, function_name: *const c_char) -> c_int;
    pub fn zvm_execute_function(instance: *mut VmInstance, function_name: *const c_char, args: *const u8, args_len: usize) -> *mut ExecutionResult;
    pub fn zvm_get_state(instance: *mut VmInstance, key: *const u8, key_len: usize, value: *mut u8, max_len: usize) -> isize;
    pub fn zvm_set_state(instance: *mut VmInstance, key: *const u8, key_len: usize, value: *const u8, value_len: usize) -> c_int;
    pub fn zvm_delete_state(instance: *mut VmInstance, key: *const u8, key_len: usize) -> c_int;
    pub fn zvm_result_status(result: *const ExecutionResult) -> c_int;
    pub fn zvm_result_message(result: *const ExecutionResult) -> *const c_char;
    pub fn zvm_result_trace(result: *const ExecutionResult) -> *const c_char;
    pub fn zvm_result_reverted(result: *const ExecutionResult) -> c_int;
    pub fn zvm_result_gas_used(result: *const ExecutionResult) -> u64;
    pub fn zvm_result_count(result: *const ExecutionResult) -> usize;
    pub fn zvm_result_value(result: *const ExecutionResult, index: usize) -> u64;
    pub fn zvm_result_data(result: *const ExecutionResult, len: *mut usize) -> *const u8;
    pub fn zvm_result_event_count(result: *const ExecutionResult) -> usize;
    pub fn zvm_result_event(result: *const ExecutionResult, index: usize, event: *mut zvm_event) -> c_int;
    pub fn zvm_free_execution_result(result: *mut ExecutionResult);
    pub fn zvm_execute_contract(bytecode: *const u8, bytecode_len: usize, input_data: *const u8, input_len: usize) -> *mut ContractResult;
    pub fn zvm_contract_result_status(result: *const ContractResult) -> c_int;
    pub fn zvm_contract_result_message(result: *const ContractResult) -> *const c_char;
    pub fn zvm_contract_result_reverted(result: *const ContractResult) -> c_int;
    pub fn zvm_contract_result_gas_used(result: *const ContractResult) -> u64;
    pub fn zvm_contract_result_data(result: *const ContractResult, len: *mut usize) -> *const u8;
    pub fn zvm_contract_result_event_count(result: *const ContractResult) -> usize;
    pub fn zvm_contract_result_event(result: *const ContractResult, index: usize, event: *mut zvm_event) -> c_int;
    pub fn zvm_free_contract_result(result: *mut ContractResult);
}
