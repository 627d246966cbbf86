//! Runs a contract through the binding: values, gas, storage, an event. Plain rustc, no cargo.
use std::ffi::CStr;
use zvm_sys::*;

/// The smallest module with a function: add(i32, i32) -> i32.
const ADD: &[u8] = &[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9,
    1, 7, 0, 32, 0, 32, 1, 106, 11,
];

fn main() {
    unsafe {
        let vm = zvm_create_instance(ADD.as_ptr(), ADD.len());
        assert!(!vm.is_null(), "{:?}", CStr::from_ptr(zvm_last_error()));
        let mut args = 40u32.to_le_bytes().to_vec();
        args.extend(2u32.to_le_bytes());
        let result = zvm_execute_function(vm, c"add".as_ptr(), args.as_ptr(), args.len());
        assert_eq!(zvm_result_status(result), GHOST_OK);
        assert_eq!(zvm_result_count(result), 1);
        assert_eq!(zvm_result_value(result, 0), 42);
        assert!(zvm_result_gas_used(result) > 0);
        zvm_free_execution_result(result);

        assert_eq!(zvm_set_state(vm, b"key".as_ptr(), 3, b"value".as_ptr(), 5), GHOST_OK);
        let mut value = [0u8; 8];
        assert_eq!(zvm_get_state(vm, b"key".as_ptr(), 3, value.as_mut_ptr(), value.len()), 5);
        assert_eq!(&value[..5], b"value");
        assert_eq!(zvm_get_state(vm, b"none".as_ptr(), 4, value.as_mut_ptr(), 8), GHOST_ERR_NOT_FOUND as isize);

        assert_eq!(zvm_set_gas_limit(vm, 1), GHOST_OK);
        let result = zvm_execute_function(vm, c"add".as_ptr(), args.as_ptr(), args.len());
        assert_eq!(zvm_result_status(result), GHOST_ERR_OUT_OF_GAS);
        zvm_free_execution_result(result);
        zvm_destroy_instance(vm);

        let result = zvm_execute_contract(ADD.as_ptr(), 20, core::ptr::null(), 0);
        assert_eq!(zvm_contract_result_status(result), GHOST_ERR_MALFORMED);
        zvm_free_contract_result(result);
    }
    println!("zvm {}: the Rust binding works", unsafe { CStr::from_ptr(zvm_version()) }.to_str().unwrap());
}
