// Amounts: unsigned 128 bits, every operation checked. Whatever does not fit reverts with Panic(2).

import { panic, Panic } from "./host";

export class u128 {
  constructor(public lo: u64 = 0, public hi: u64 = 0) {}

  static from(value: u64): u128 {
    return new u128(value, 0);
  }

  @operator("+")
  static add(a: u128, b: u128): u128 {
    const lo = a.lo + b.lo;
    const carry: u64 = lo < a.lo ? 1 : 0;
    const hi = a.hi + b.hi;
    if (hi < a.hi || hi + carry < hi) panic(Panic.Arithmetic);
    return new u128(lo, hi + carry);
  }

  @operator("-")
  static sub(a: u128, b: u128): u128 {
    if (a < b) panic(Panic.Arithmetic);
    return new u128(a.lo - b.lo, a.hi - b.hi - (a.lo < b.lo ? 1 : 0));
  }

  @operator("*")
  static mul(a: u128, b: u128): u128 {
    if (a.hi != 0 && b.hi != 0) panic(Panic.Arithmetic);
    const low = u128.wide(a.lo, b.lo);
    const left = u128.wide(a.hi, b.lo);
    const right = u128.wide(a.lo, b.hi);
    if (left.hi != 0 || right.hi != 0) panic(Panic.Arithmetic);
    return low + new u128(0, left.lo) + new u128(0, right.lo);
  }

  // 64 by 64 bits, in halves.
  private static wide(a: u64, b: u64): u128 {
    const a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
    const low = a0 * b0;
    const mid = a1 * b0 + (low >> 32);
    const mid2 = a0 * b1 + (mid & 0xffffffff);
    return new u128((mid2 << 32) | (low & 0xffffffff), a1 * b1 + (mid >> 32) + (mid2 >> 32));
  }

  @operator("/")
  static div(a: u128, b: u128): u128 {
    if (b.isZero()) panic(Panic.Arithmetic);
    if (a.hi == 0 && b.hi == 0) return new u128(a.lo / b.lo, 0);
    let lo: u64 = 0, hi: u64 = 0, qLo: u64 = 0, qHi: u64 = 0;
    for (let i = 127; i >= 0; --i) {
      const bit = i >= 64 ? (a.hi >> (<u64>i - 64)) & 1 : (a.lo >> <u64>i) & 1;
      const carry = hi >> 63;
      hi = (hi << 1) | (lo >> 63);
      lo = (lo << 1) | bit;
      qHi = (qHi << 1) | (qLo >> 63);
      qLo = qLo << 1;
      if (carry != 0 || hi > b.hi || (hi == b.hi && lo >= b.lo)) {
        hi = hi - b.hi - (lo < b.lo ? 1 : 0);
        lo = lo - b.lo;
        qLo |= 1;
      }
    }
    return new u128(qLo, qHi);
  }

  @operator("==")
  static eq(a: u128, b: u128): bool {
    return a.lo == b.lo && a.hi == b.hi;
  }
  @operator("!=")
  static ne(a: u128, b: u128): bool {
    return a.lo != b.lo || a.hi != b.hi;
  }
  @operator("<")
  static lt(a: u128, b: u128): bool {
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
  }
  @operator(">")
  static gt(a: u128, b: u128): bool {
    return b < a;
  }
  @operator("<=")
  static le(a: u128, b: u128): bool {
    return !(b < a);
  }
  @operator(">=")
  static ge(a: u128, b: u128): bool {
    return !(a < b);
  }

  isZero(): bool {
    return (this.lo | this.hi) == 0;
  }
}
