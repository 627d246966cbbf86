// Smart contracts for GhostChain in AssemblyScript. Conventions and encodings: docs/contract-abi.md; a tour:
// docs/contracts.md. Global variables must be constants: a contract has no start function (see runtime.ts).

import { ERROR_SELECTOR, Panic, panic, zvm1 } from "./host";
import { u128 } from "./u128";

export { Panic, panic, u128, zvm1 };

// ---- Fixed types ----

/** 32 bytes: an address, a hash, an asset. */
export class Bytes32 {
  readonly bytes: StaticArray<u8> = new StaticArray<u8>(32);

  get ptr(): usize {
    return changetype<usize>(this.bytes);
  }
  @operator("==")
  static eq(a: Bytes32, b: Bytes32): bool {
    return memory.compare(a.ptr, b.ptr, 32) == 0;
  }
  @operator("!=")
  static ne(a: Bytes32, b: Bytes32): bool {
    return memory.compare(a.ptr, b.ptr, 32) != 0;
  }
  isZero(): bool {
    return (load<u64>(this.ptr) | load<u64>(this.ptr, 8) | load<u64>(this.ptr, 16) | load<u64>(this.ptr, 24)) == 0;
  }
}
export type Address = Bytes32;
export type Hash = Bytes32;

// ---- Writing and reading values (BCS) ----

export class Writer {
  private data: usize = heap.alloc(128);
  private capacity: i32 = 128;
  size: i32 = 0;

  get ptr(): usize {
    return this.data;
  }
  private space(size: i32): usize {
    if (size < 0 || size > 1 << 20) panic(Panic.Memory);
    if (this.size + size > this.capacity) {
      this.capacity = (this.size + size) * 2;
      const fresh = heap.alloc(this.capacity);
      memory.copy(fresh, this.data, this.size);
      this.data = fresh;
    }
    const at = this.data + this.size;
    this.size += size;
    return at;
  }
  u8(v: u8): Writer {
    store<u8>(this.space(1), v);
    return this;
  }
  u32(v: u32): Writer {
    store<u32>(this.space(4), v);
    return this;
  }
  u64(v: u64): Writer {
    store<u64>(this.space(8), v);
    return this;
  }
  u128(v: u128): Writer {
    const at = this.space(16);
    store<u64>(at, v.lo);
    store<u64>(at, v.hi, 8);
    return this;
  }
  bool(v: bool): Writer {
    return this.u8(v ? 1 : 0);
  }
  bytes32(v: Bytes32): Writer {
    memory.copy(this.space(32), v.ptr, 32);
    return this;
  }
  raw(ptr: usize, size: i32): Writer {
    memory.copy(this.space(size), ptr, size);
    return this;
  }
  length(n: u32): Writer {
    for (; n >= 128; n >>= 7) this.u8(<u8>(n | 128));
    return this.u8(<u8>n);
  }
  /** With its length before it, as an argument or a result. */
  string(text: string): Writer {
    const utf8 = String.UTF8.encode(text);
    this.length(utf8.byteLength);
    return this.raw(changetype<usize>(utf8), utf8.byteLength);
  }
  /** Its bytes alone, as a slot keeps it. */
  utf8(text: string): Writer {
    const utf8 = String.UTF8.encode(text);
    return this.raw(changetype<usize>(utf8), utf8.byteLength);
  }
}

/** Reads from the front; whatever is malformed reverts with Panic(3). */
export class Reader {
  constructor(private at: usize, private left: i32) {}

  private take(size: i32): usize {
    if (size < 0 || size > this.left) panic(Panic.Arguments);
    const at = this.at;
    this.at += size;
    this.left -= size;
    return at;
  }
  u8(): u8 {
    return load<u8>(this.take(1));
  }
  u32(): u32 {
    return load<u32>(this.take(4));
  }
  u64(): u64 {
    return load<u64>(this.take(8));
  }
  u128(): u128 {
    const at = this.take(16);
    return new u128(load<u64>(at), load<u64>(at, 8));
  }
  bool(): bool {
    const v = this.u8();
    if (v > 1) panic(Panic.Arguments);
    return v == 1;
  }
  bytes32(): Bytes32 {
    const out = new Bytes32();
    memory.copy(out.ptr, this.take(32), 32);
    return out;
  }
  length(): i32 {
    let value: u32 = 0;
    for (let shift: u32 = 0; ; shift += 7) {
      const byte = this.u8();
      if (shift == 28 && byte > 15) panic(Panic.Arguments);
      value |= (<u32>(byte & 127)) << shift;
      if ((byte & 128) != 0) continue;
      if (shift != 0 && byte == 0) panic(Panic.Arguments);
      return <i32>value;
    }
  }
  string(): string {
    const size = this.length();
    return String.UTF8.decodeUnsafe(this.take(size), size);
  }
  isEmpty(): bool {
    return this.left == 0;
  }
  end(): void {
    if (this.left != 0) panic(Panic.Arguments);
  }
}

// ---- Ending badly ----

/** Reverts with a reason in words. */
export function revert(reason: string): void {
  const data = new Writer().u32(ERROR_SELECTOR).string(reason);
  zvm1.revert(data.ptr, data.size);
}
export function require(condition: bool, reason: string): void {
  if (!condition) revert(reason);
}
/** Reverts with an error of the schema: fail(new Writer().u32(ERROR_TooLow).u64(have)). */
export function fail(error: Writer): void {
  zvm1.revert(error.ptr, error.size);
}

// ---- Where, who, when ----

export function caller(): Address {
  const out = new Bytes32();
  zvm1.caller(out.ptr);
  return out;
}
export function self(): Address {
  const out = new Bytes32();
  zvm1.self(out.ptr);
  return out;
}
const word = memory.data(16);
export function value(): u128 {
  zvm1.value(word);
  return new u128(load<u64>(word), load<u64>(word, 8));
}
export function blockHeight(): u64 {
  return <u64>zvm1.block(0);
}
export function timeMs(): u64 {
  return <u64>zvm1.block(1);
}
export function blake3(data: Writer): Hash {
  const out = new Bytes32();
  zvm1.blake3(data.ptr, data.size, out.ptr);
  return out;
}
/** Pays GCC (in agcc) from the contract; reverts when it cannot. */
export function pay(to: Address, amount: u128): void {
  if (amount.isZero()) return;
  const gcc = new Bytes32();
  const raw = new Writer().u128(amount);
  if (zvm1.transfer(to.ptr, gcc.ptr, raw.ptr) != 0) panic(Panic.Call);
}

// ---- Storage ----

/** One slot. `key("count")`, or of a map `key("balance/").bytes32(owner)`. */
export function key(name: string): Writer {
  return new Writer().utf8(name);
}
function read(slot: Writer, out: usize, size: i32): bool {
  const found = zvm1.storage_get(slot.ptr, slot.size, out, size);
  if (found >= 0 && found != size) panic(Panic.Storage);
  return found >= 0;
}
export function loadU64(slot: Writer): u64 {
  return read(slot, word, 8) ? load<u64>(word) : 0;
}
export function loadU128(slot: Writer): u128 {
  return read(slot, word, 16) ? new u128(load<u64>(word), load<u64>(word, 8)) : new u128();
}
export function loadBytes32(slot: Writer): Bytes32 {
  const out = new Bytes32();
  read(slot, out.ptr, 32);
  return out;
}
export function loadString(slot: Writer): string {
  const size = zvm1.storage_get(slot.ptr, slot.size, 0, 0);
  if (size <= 0) return "";
  const data = heap.alloc(size);
  zvm1.storage_get(slot.ptr, slot.size, data, size);
  return String.UTF8.decodeUnsafe(data, size);
}
/** put(key("count"), new Writer().u64(1)) */
export function put(slot: Writer, v: Writer): void {
  zvm1.storage_set(slot.ptr, slot.size, v.ptr, v.size);
}
export function clear(slot: Writer): void {
  zvm1.storage_del(slot.ptr, slot.size);
}

// ---- Events ----

/** new Event(EVENT_Paid).topic(to).emit(new Writer().u128(amount)) */
export class Event {
  private topics: Writer = new Writer();
  constructor(signature: usize) {
    this.topics.raw(signature, 32);
  }
  topic(v: Bytes32): Event {
    this.topics.bytes32(v);
    return this;
  }
  topicU64(v: u64): Event {
    this.topics.u64(v).u64(0).u64(0).u64(0);
    return this;
  }
  emit(data: Writer): void {
    zvm1.emit(this.topics.ptr, this.topics.size / 32, data.ptr, data.size);
  }
}

// ---- Calling another contract ----

/** The result of a method that must succeed; the callee's error becomes ours. */
export function callContract(to: Address, input: Writer): Reader {
  const nothing = new Writer().u128(new u128());
  const status = zvm1.call(to.ptr, nothing.ptr, -1, input.ptr, input.size, 0);
  const size = zvm1.ret_len();
  const data = heap.alloc(size);
  zvm1.ret_copy(data, 0, size);
  if (status == 1) zvm1.revert(data, size);
  if (status != 0) panic(Panic.Call);
  return new Reader(data, size);
}

// ---- Entry points ----

/** The input of this call: begin with it in `init`, and through selector() in `call`. */
export function input(): Reader {
  const size = zvm1.input_len();
  const data = heap.alloc(size);
  zvm1.input_read(data, 0, size);
  return new Reader(data, size);
}
export function notPayable(): void {
  if (!value().isZero()) panic(Panic.NotPayable);
}
export function unknownMethod(): void {
  panic(Panic.Method);
}
export function ret(v: Writer): void {
  zvm1.ret(v.ptr, v.size);
}
