// The chain's functions as they are, module zvm1. Pointers are addresses in the contract's memory.

export namespace zvm1 {
  @external("zvm1", "input_len") export declare function input_len(): i32;
  @external("zvm1", "input_read") export declare function input_read(out: usize, from: i32, size: i32): i32;
  @external("zvm1", "ret") export declare function ret(data: usize, size: i32): void;
  @external("zvm1", "revert") export declare function revert(data: usize, size: i32): void;
  @external("zvm1", "storage_get") export declare function storage_get(key: usize, keySize: i32, out: usize, capacity: i32): i32;
  @external("zvm1", "storage_set") export declare function storage_set(key: usize, keySize: i32, value: usize, size: i32): void;
  @external("zvm1", "storage_del") export declare function storage_del(key: usize, keySize: i32): void;
  @external("zvm1", "caller") export declare function caller(out32: usize): void;
  @external("zvm1", "self") export declare function self(out32: usize): void;
  @external("zvm1", "origin") export declare function origin(out32: usize): void;
  @external("zvm1", "value") export declare function value(out16: usize): void;
  @external("zvm1", "block") export declare function block(field: i32): i64;
  @external("zvm1", "gas_left") export declare function gas_left(): i64;
  @external("zvm1", "emit") export declare function emit(topics: usize, count: i32, data: usize, size: i32): void;
  @external("zvm1", "call") export declare function call(to: usize, value16: usize, gas: i64, data: usize, size: i32, flags: i32): i32;
  @external("zvm1", "ret_len") export declare function ret_len(): i32;
  @external("zvm1", "ret_copy") export declare function ret_copy(out: usize, from: i32, size: i32): i32;
  @external("zvm1", "transfer") export declare function transfer(to: usize, asset32: usize, amount16: usize): i32;
  @external("zvm1", "balance") export declare function balance(who: usize, asset32: usize, out16: usize): void;
  @external("zvm1", "sha256") export declare function sha256(data: usize, size: i32, out32: usize): void;
  @external("zvm1", "keccak256") export declare function keccak256(data: usize, size: i32, out32: usize): void;
  @external("zvm1", "blake3") export declare function blake3(data: usize, size: i32, out32: usize): void;
  @external("zvm1", "ed25519_verify") export declare function ed25519_verify(key32: usize, sig64: usize, message: usize, size: i32): i32;
}

export const enum Panic {
  Assert = 1,
  Arithmetic = 2,
  Arguments = 3,
  Method = 4,
  Memory = 5,
  NotPayable = 6,
  Storage = 7,
  Call = 8,
}

// BLAKE3 of the signatures, the first four bytes: every contract has these two errors.
const PANIC_SELECTOR: u32 = 0xaee8a0ae; // Panic(u32)
export const ERROR_SELECTOR: u32 = 0x245102e3; // Error(string)

const panicData = memory.data(8);

// Reverts with Panic(code).
export function panic(code: Panic): void {
  store<u32>(panicData, PANIC_SELECTOR);
  store<u32>(panicData, <u32>code, 4);
  zvm1.revert(panicData, 8);
}
