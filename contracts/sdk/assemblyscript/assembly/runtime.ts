// Memory for contracts: taken from the front, never given back, gone when the call ends. Passed to asc as --runtime.
//
// asc's own "stub" runtime sets its first address in the module's start function, which contracts may not have. Here the
// first allocation does it, so a contract needs no start function as long as its global variables are constants (asc
// emits one otherwise, and the chain refuses the module by name: start_refused).

// An object's header, 20 bytes before it: mmInfo, gcInfo, gcInfo2, rtId, rtSize (AssemblyScript's memory layout).
const HEADER: usize = 20;
const ALIGN: usize = 15;

// @ts-ignore: decorator
@lazy let top: usize = 0;

// @ts-ignore: decorator
@inline function take(size: usize): usize {
  if (top == 0) top = __heap_base;
  // What follows the header lies on a multiple of 16.
  const at = ((top + HEADER + ALIGN) & ~ALIGN) - HEADER;
  const end = at + HEADER + size;
  const have = <usize>memory.size() << 16;
  if (end < top || size > 0x00400000) unreachable();
  if (end > have && memory.grow(<i32>((end - have + 0xffff) >> 16)) < 0) unreachable();
  top = end;
  return at + HEADER;
}

// @ts-ignore: decorator
@global @unsafe
export function __alloc(size: usize): usize {
  return take(size);
}

// @ts-ignore: decorator
@global @unsafe
export function __realloc(ptr: usize, size: usize): usize {
  const fresh = take(size);
  memory.copy(fresh, ptr, size);
  return fresh;
}

// @ts-ignore: decorator
@global @unsafe
export function __free(ptr: usize): void {}

// @ts-ignore: decorator
@global @unsafe
export function __new(size: usize, id: u32): usize {
  const ptr = take(size);
  store<u32>(ptr - 8, id);
  store<u32>(ptr - 4, <u32>size);
  return ptr;
}

// @ts-ignore: decorator
@global @unsafe
export function __renew(old: usize, size: usize): usize {
  const had = <usize>load<u32>(old - 4);
  if (size <= had) {
    store<u32>(old - 4, <u32>size);
    return old;
  }
  // A list that grows would copy itself at every step: leave room for the next ones.
  const fresh = take(max(size, had << 1));
  memory.copy(fresh, old, had);
  store<u32>(fresh - 8, load<u32>(old - 8));
  store<u32>(fresh - 4, <u32>size);
  return fresh;
}

// @ts-ignore: decorator
@global @unsafe
export function __link(parent: usize, child: usize, expectMultiple: bool): void {}
// @ts-ignore: decorator
@global @unsafe
export function __pin(ptr: usize): usize {
  return ptr;
}
// @ts-ignore: decorator
@global @unsafe
export function __unpin(ptr: usize): void {}
// @ts-ignore: decorator
@global @unsafe
export function __visit(ptr: usize, cookie: u32): void {}
// @ts-ignore: decorator
@global @unsafe
export function __collect(): void {}
