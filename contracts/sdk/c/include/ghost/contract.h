/* ghost/contract.h: smart contracts in C11 and C++20 for GhostChain. One file, no libc.
 *
 *   clang-19 --target=wasm32 -std=c11 -Oz -ffreestanding -mbulk-memory -I sdk/c/include -c counter.c -o counter.o
 *   wasm-ld-19 --no-entry --stack-first -z stack-size=16384 counter.o -o counter.wasm
 *
 * A contract is two functions: GH_INIT runs once, when the contract is made; GH_CALLS is the list of its methods.
 * Conventions and encodings: docs/contract-abi.md; a tour: docs/contracts.md. Calls cost what docs/gas.md says.
 * Everything that goes wrong reverts: the whole call is undone and the caller sees the error. Nothing returns errno.
 */
#ifndef GHOST_CONTRACT_H
#define GHOST_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define GH_C extern "C"
#define GH_PURE static constexpr inline __attribute__((always_inline, unused))
#else
#define GH_C extern
#define GH_PURE static inline __attribute__((always_inline, unused))
#endif
#define GH_INLINE static inline __attribute__((unused))
#define GH_WRAP static inline __attribute__((always_inline, unused))
#define GH_FN static __attribute__((unused))
#define GH_IMPORT(name) GH_C __attribute__((import_module("zvm1"), import_name(#name)))

/* ---- The chain's functions, as they are ---------------------------------------------------------------------- */

GH_IMPORT(input_len) uint32_t zvm1_input_len(void);
GH_IMPORT(input_read) uint32_t zvm1_input_read(void* out, uint32_t from, uint32_t size);
GH_IMPORT(ret) void zvm1_ret(const void* data, uint32_t size);
GH_IMPORT(revert) __attribute__((noreturn)) void zvm1_revert(const void* data, uint32_t size);
GH_IMPORT(storage_get) int32_t zvm1_storage_get(const void* key, uint32_t key_size, void* out, uint32_t capacity);
GH_IMPORT(storage_set) void zvm1_storage_set(const void* key, uint32_t key_size, const void* value, uint32_t size);
GH_IMPORT(storage_del) void zvm1_storage_del(const void* key, uint32_t key_size);
GH_IMPORT(caller) void zvm1_caller(void* out32);
GH_IMPORT(self) void zvm1_self(void* out32);
GH_IMPORT(origin) void zvm1_origin(void* out32);
GH_IMPORT(value) void zvm1_value(void* out16);
GH_IMPORT(block) int64_t zvm1_block(uint32_t field);
GH_IMPORT(gas_left) int64_t zvm1_gas_left(void);
GH_IMPORT(emit) void zvm1_emit(const void* topics, uint32_t count, const void* data, uint32_t size);
GH_IMPORT(call)
int32_t zvm1_call(const void* to, const void* value16, uint64_t gas, const void* in, uint32_t size, uint32_t flags);
GH_IMPORT(ret_len) uint32_t zvm1_ret_len(void);
GH_IMPORT(ret_copy) uint32_t zvm1_ret_copy(void* out, uint32_t from, uint32_t size);
GH_IMPORT(transfer) int32_t zvm1_transfer(const void* to, const void* asset32, const void* amount16);
GH_IMPORT(balance) void zvm1_balance(const void* of, const void* asset32, void* out16);
GH_IMPORT(create)
int32_t zvm1_create(const void* hash32, const void* salt32, const void* in, uint32_t size, void* out32);
GH_IMPORT(upgrade) int32_t zvm1_upgrade(const void* hash32);
GH_IMPORT(sha256) void zvm1_sha256(const void* data, uint32_t size, void* out32);
GH_IMPORT(keccak256) void zvm1_keccak256(const void* data, uint32_t size, void* out32);
GH_IMPORT(blake3) void zvm1_blake3(const void* data, uint32_t size, void* out32);
GH_IMPORT(ed25519_verify)
int32_t zvm1_ed25519_verify(const void* key32, const void* sig64, const void* msg, uint32_t n);
GH_IMPORT(secp256k1_verify) int32_t zvm1_secp256k1_verify(const void* key33, const void* sig64, const void* digest32);
GH_IMPORT(secp256k1_recover) int32_t zvm1_secp256k1_recover(const void* sig65, const void* digest32, void* out33);
GH_IMPORT(name_resolve) int32_t zvm1_name_resolve(const void* name, uint32_t size, void* out, uint32_t capacity);
GH_IMPORT(name_owner) int32_t zvm1_name_owner(const void* name, uint32_t size, void* out32);
GH_IMPORT(identity_check) int32_t zvm1_identity_check(const void* who32, const void* claim, uint32_t size);

/* ---- What the compiler itself may call ------------------------------------------------------------------------- */

/* With -mbulk-memory these become memory.copy and memory.fill: gas by the byte, no loops. */
GH_C __attribute__((weak)) void* memcpy(void* to, const void* from, size_t size) {
    return __builtin_memcpy(to, from, size);
}
GH_C __attribute__((weak)) void* memmove(void* to, const void* from, size_t size) {
    return __builtin_memmove(to, from, size);
}
GH_C __attribute__((weak)) void* memset(void* to, int byte, size_t size) { return __builtin_memset(to, byte, size); }
GH_C __attribute__((weak)) int memcmp(const void* a, const void* b, size_t size) {
    const uint8_t *x = (const uint8_t*)a, *y = (const uint8_t*)b;
    for (size_t i = 0; i < size; ++i)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}
#ifndef __wasm_bulk_memory__
#error "compile with -mbulk-memory"
#endif
/* size_t strlen() and the rest of libc are not here: texts in contracts carry their length. */

__extension__ typedef unsigned __int128 u128;
#define GH_U128(high, low) ((u128)(high) << 64 | (uint64_t)(low))
#define GH_GCC ((u128)1000000000000000000ull) /* agcc in one GCC */

/* 128-bit multiplication and division, which a compiler's runtime would bring. */
GH_C __attribute__((weak)) u128 __multi3(u128 a, u128 b) {
    const uint64_t a0 = (uint32_t)a, a1 = (uint64_t)a >> 32, b0 = (uint32_t)b, b1 = (uint64_t)b >> 32;
    const uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32), mid2 = a0 * b1 + (uint32_t)mid;
    const uint64_t high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
    return GH_U128(high + (uint64_t)(a >> 64) * (uint64_t)b + (uint64_t)a * (uint64_t)(b >> 64),
                   mid2 << 32 | (uint32_t)low);
}
GH_FN u128 gh_divide(u128 a, u128 b, u128* rest) {
    if (!(a >> 64) && !(b >> 64)) {
        *rest = (uint64_t)a % (uint64_t)b;
        return (uint64_t)a / (uint64_t)b;
    }
    u128 quotient = 0, left = 0;
    int bits = 128;
    if (!(a >> 64)) a <<= 64, bits = 64;
    for (; bits; --bits) {
        const bool carry = left >> 127;
        left = left << 1 | a >> 127;
        a <<= 1;
        quotient <<= 1;
        if (carry || left >= b) left -= b, quotient |= 1;
    }
    *rest = left;
    return quotient;
}
GH_C __attribute__((weak)) u128 __udivti3(u128 a, u128 b) {
    u128 rest;
    return gh_divide(a, b, &rest);
}
GH_C __attribute__((weak)) u128 __umodti3(u128 a, u128 b) {
    u128 rest;
    gh_divide(a, b, &rest);
    return rest;
}

GH_C __attribute__((weak)) u128 __ashlti3(u128 a, int bits) {
    const uint64_t low = (uint64_t)a, high = (uint64_t)(a >> 64);
    if (bits >= 64) return GH_U128(low << (bits - 64), 0);
    return bits ? GH_U128(high << bits | low >> (64 - bits), low << bits) : a;
}
GH_C __attribute__((weak)) u128 __lshrti3(u128 a, int bits) {
    const uint64_t low = (uint64_t)a, high = (uint64_t)(a >> 64);
    if (bits >= 64) return high >> (bits - 64);
    return bits ? GH_U128(high >> bits, high << (64 - bits) | low >> bits) : a;
}

/* ---- Selectors: BLAKE3 of a signature, folded by the compiler -------------------------------------------------- */

GH_PURE uint32_t gh_rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
GH_PURE uint32_t gh_word(const char* s, uint32_t n, uint32_t i) {
    return (i < n ? (uint32_t)(uint8_t)s[i] : 0) | (i + 1 < n ? (uint32_t)(uint8_t)s[i + 1] << 8 : 0) |
           (i + 2 < n ? (uint32_t)(uint8_t)s[i + 2] << 16 : 0) | (i + 3 < n ? (uint32_t)(uint8_t)s[i + 3] << 24 : 0);
}
// clang-format off: the formatter never settles on macros like these.
#define GH_G(a, b, c, d, x, y)                                                                   \
    a = a + b + (x), d = gh_rotr(d ^ a, 16), c = c + d, b = gh_rotr(b ^ c, 12), a = a + b + (y), \
    d = gh_rotr(d ^ a, 8), c = c + d, b = gh_rotr(b ^ c, 7);
#define GH_ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, ma, mb, mc, md, me, mf) \
    GH_G(v0, v4, v8, vc, m0, m1) GH_G(v1, v5, v9, vd, m2, m3) GH_G(v2, v6, va, ve, m4, m5) \
    GH_G(v3, v7, vb, vf, m6, m7) GH_G(v0, v5, va, vf, m8, m9) GH_G(v1, v6, vb, vc, ma, mb) \
    GH_G(v2, v7, v8, vd, mc, md) GH_G(v3, v4, v9, ve, me, mf)
// clang-format on
typedef struct {
    uint32_t word[8];
} gh_hash_words;
/* BLAKE3 of at most 64 bytes (github.com/BLAKE3-team/BLAKE3-specs, one chunk of one block). With a literal the compiler
 * leaves only the result. */
GH_PURE gh_hash_words gh_blake3_block(const char* s, uint32_t n) {
    const uint32_t a = gh_word(s, n, 0), b = gh_word(s, n, 4), c = gh_word(s, n, 8), d = gh_word(s, n, 12),
                   e = gh_word(s, n, 16), f = gh_word(s, n, 20), g = gh_word(s, n, 24), h = gh_word(s, n, 28),
                   i = gh_word(s, n, 32), j = gh_word(s, n, 36), k = gh_word(s, n, 40), l = gh_word(s, n, 44),
                   m = gh_word(s, n, 48), o = gh_word(s, n, 52), p = gh_word(s, n, 56), q = gh_word(s, n, 60);
    uint32_t v0 = 0x6A09E667u, v1 = 0xBB67AE85u, v2 = 0x3C6EF372u, v3 = 0xA54FF53Au, v4 = 0x510E527Fu, v5 = 0x9B05688Cu,
             v6 = 0x1F83D9ABu, v7 = 0x5BE0CD19u, v8 = v0, v9 = v1, va = v2, vb = v3, vc = 0, vd = 0, ve = n,
             vf = 1 | 2 | 8; /* chunk start, chunk end, root */
    GH_ROUND(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q)
    GH_ROUND(c, g, d, k, h, a, e, o, b, l, m, f, j, p, q, i)
    GH_ROUND(d, e, k, m, o, c, h, p, g, f, j, a, l, q, i, b)
    GH_ROUND(k, h, m, j, p, d, o, q, e, a, l, c, f, i, b, g)
    GH_ROUND(m, o, j, l, q, k, p, i, h, c, f, d, a, b, g, e)
    GH_ROUND(j, p, l, f, i, m, q, b, o, d, a, k, c, g, e, h)
    GH_ROUND(l, q, f, a, b, j, i, g, p, k, c, m, d, e, h, o)
    const gh_hash_words out = {{v0 ^ v8, v1 ^ v9, v2 ^ va, v3 ^ vb, v4 ^ vc, v5 ^ vd, v6 ^ ve, v7 ^ vf}};
    return out;
}
GH_PURE uint32_t gh_selector_of(const char* s, uint32_t n) { return gh_blake3_block(s, n).word[0]; }
/* Two texts side by side: what is not a literal does not compile; neither does one of more than 64 bytes. */
#define GH_LITERAL(sig) ("" sig), (sizeof(char[sizeof(sig) <= 65 ? 1 : -1]) * (sizeof(sig) - 1))
#define GH_SELECTOR(sig) gh_selector_of(GH_LITERAL(sig))

/* ---- Fixed types ----------------------------------------------------------------------------------------------- */

typedef struct {
    uint8_t bytes[32];
} gh_address;
typedef struct {
    uint8_t bytes[32];
} gh_hash;
typedef gh_hash gh_asset;
typedef struct {
    const uint8_t* data;
    uint32_t size;
} gh_view;

/* Two addresses or two hashes. */
GH_INLINE bool gh_same(const void* a, const void* b) {
    uint64_t x[4], y[4];
    __builtin_memcpy(x, a, 32);
    __builtin_memcpy(y, b, 32);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}
GH_INLINE bool gh_is_zero(const void* a) {
    const gh_address zero = {{0}};
    return gh_same(a, &zero);
}

/* ---- Ending badly ---------------------------------------------------------------------------------------------- */

enum {
    GH_PANIC_ASSERT = 1,
    GH_PANIC_ARITHMETIC = 2,
    GH_PANIC_ARGUMENTS = 3,
    GH_PANIC_METHOD = 4,
    GH_PANIC_MEMORY = 5,
    GH_PANIC_NOT_PAYABLE = 6,
    GH_PANIC_STORAGE = 7,
    GH_PANIC_CALL = 8,
};
/* Panic(u32) */
GH_FN __attribute__((noreturn, noinline)) void gh_panic(uint32_t code) {
    const uint32_t data[2] = {GH_SELECTOR("Panic(u32)"), code};
    zvm1_revert(data, sizeof data);
}
#define GH_ASSERT(condition) ((condition) ? (void)0 : gh_panic(GH_PANIC_ASSERT))

/* ---- Memory: taken, never given back; a call's memory ends with the call --------------------------------------- */

extern uint8_t __heap_base;
static uint8_t *gh_heap_top, *gh_heap_end;
GH_FN void* gh_alloc(uint32_t size) {
    if (!gh_heap_top) {
        gh_heap_top = &__heap_base;
        gh_heap_end = (uint8_t*)(__builtin_wasm_memory_size(0) << 16);
    }
    const uint64_t end = (((uint64_t)(uintptr_t)gh_heap_top + size) + 15) & ~(uint64_t)15;
    if (end > (uintptr_t)gh_heap_end) {
        const uint64_t pages = (end - (uintptr_t)gh_heap_end + 65535) >> 16;
        if (pages > 65535 || __builtin_wasm_memory_grow(0, (size_t)pages) == (size_t)-1) gh_panic(GH_PANIC_MEMORY);
        gh_heap_end += pages << 16;
    }
    uint8_t* const at = gh_heap_top;
    gh_heap_top = (uint8_t*)(uintptr_t)end;
    return at;
}

/* ---- Amounts that cannot overflow ------------------------------------------------------------------------------ */

GH_INLINE u128 gh_add(u128 a, u128 b) {
    const u128 sum = a + b;
    if (sum < a) gh_panic(GH_PANIC_ARITHMETIC);
    return sum;
}
GH_INLINE u128 gh_sub(u128 a, u128 b) {
    if (a < b) gh_panic(GH_PANIC_ARITHMETIC);
    return a - b;
}
GH_FN u128 gh_mul(u128 a, u128 b) {
    if (a >> 64 && b >> 64) gh_panic(GH_PANIC_ARITHMETIC);
    if (b >> 64) {
        const u128 swap = a;
        a = b;
        b = swap;
    }
    const u128 high = (a >> 64) * b; /* b is below 2^64 here */
    if (high >> 64) gh_panic(GH_PANIC_ARITHMETIC);
    return gh_add(high << 64, (u128)(uint64_t)a * b);
}
GH_FN u128 gh_div(u128 a, u128 b) {
    if (!b) gh_panic(GH_PANIC_ARITHMETIC);
    return a / b;
}

/* ---- Writing values (BCS) -------------------------------------------------------------------------------------- */

typedef struct {
    uint8_t* data;
    uint32_t size, capacity;
} gh_buf;
GH_FN uint8_t* gh_put_space(gh_buf* out, uint32_t size) {
    if (size > out->capacity - out->size) {
        if (size > (1u << 20)) gh_panic(GH_PANIC_MEMORY);
        const uint32_t capacity = (out->capacity + size) * 2 + 64;
        uint8_t* const data = (uint8_t*)gh_alloc(capacity);
        if (out->size) memcpy(data, out->data, out->size);
        out->data = data;
        out->capacity = capacity;
    }
    uint8_t* const at = out->data + out->size;
    out->size += size;
    return at;
}
GH_INLINE void gh_put_raw(gh_buf* out, const void* data, uint32_t size) {
    if (size) memcpy(gh_put_space(out, size), data, size);
}
#define GH_PUT_(name, type) \
    GH_INLINE void gh_put_##name(gh_buf* out, type v) { gh_put_raw(out, &v, sizeof v); }
GH_PUT_(u8, uint8_t)
GH_PUT_(u16, uint16_t)
GH_PUT_(u32, uint32_t)
GH_PUT_(u64, uint64_t)
GH_PUT_(u128, u128)
GH_PUT_(i32, int32_t)
GH_PUT_(i64, int64_t)
GH_PUT_(address, gh_address)
GH_PUT_(hash, gh_hash)
GH_INLINE void gh_put_bool(gh_buf* out, bool v) { gh_put_u8(out, v ? 1 : 0); }
GH_FN void gh_put_length(gh_buf* out, uint32_t n) {
    for (; n >= 128; n >>= 7) gh_put_u8(out, (uint8_t)(n | 128));
    gh_put_u8(out, (uint8_t)n);
}
GH_FN void gh_put_bytes(gh_buf* out, const void* data, uint32_t size) {
    gh_put_length(out, size);
    gh_put_raw(out, data, size);
}

/* ---- Reading values: whatever is malformed reverts with Panic(3) ------------------------------------------------ */

GH_FN const uint8_t* gh_take(gh_view* in, uint32_t size) {
    if (size > in->size) gh_panic(GH_PANIC_ARGUMENTS);
    const uint8_t* const at = in->data;
    in->data += size;
    in->size -= size;
    return at;
}
#define GH_GET_(name, type)                          \
    GH_INLINE type gh_get_##name(gh_view* in) {      \
        type v;                                      \
        memcpy(&v, gh_take(in, sizeof v), sizeof v); \
        return v;                                    \
    }
GH_GET_(u8, uint8_t)
GH_GET_(u16, uint16_t)
GH_GET_(u32, uint32_t)
GH_GET_(u64, uint64_t)
GH_GET_(u128, u128)
GH_GET_(i32, int32_t)
GH_GET_(i64, int64_t)
GH_GET_(address, gh_address)
GH_GET_(hash, gh_hash)
GH_FN bool gh_get_bool(gh_view* in) {
    const uint8_t v = gh_get_u8(in);
    if (v > 1) gh_panic(GH_PANIC_ARGUMENTS);
    return v;
}
GH_FN uint32_t gh_get_length(gh_view* in) {
    uint32_t value = 0;
    for (int shift = 0;; shift += 7) {
        const uint8_t byte = gh_get_u8(in);
        if (shift == 28 && byte > 15) gh_panic(GH_PANIC_ARGUMENTS);
        value |= (uint32_t)(byte & 127) << shift;
        if (byte & 128) continue;
        if (shift && !byte) gh_panic(GH_PANIC_ARGUMENTS); /* not the shortest form */
        return value;
    }
}
/* Of `bytes` and `string`; points into what is read. */
GH_FN gh_view gh_get_bytes(gh_view* in) {
    const uint32_t size = gh_get_length(in);
    const gh_view out = {gh_take(in, size), size};
    return out;
}
GH_INLINE void gh_get_end(const gh_view* in) {
    if (in->size) gh_panic(GH_PANIC_ARGUMENTS);
}

/* ---- Errors with fields and reasons ---------------------------------------------------------------------------- */

GH_INLINE gh_buf gh_buf_with(uint32_t selector) {
    gh_buf out = {0, 0, 0};
    gh_put_u32(&out, selector);
    return out;
}
GH_FN __attribute__((noreturn)) void gh_fail(const gh_buf* error) { zvm1_revert(error->data, error->size); }
GH_FN __attribute__((noreturn, noinline)) void gh_fail_reason(const char* reason, uint32_t size) {
    gh_buf out = gh_buf_with(GH_SELECTOR("Error(string)"));
    gh_put_bytes(&out, reason, size);
    gh_fail(&out);
}
GH_FN __attribute__((noreturn, noinline)) void gh_fail_plain(uint32_t selector) {
    zvm1_revert(&selector, sizeof selector);
}
#define GH_REVERT(reason) gh_fail_reason("" reason, sizeof(reason) - 1)
#define GH_REQUIRE(condition, reason) ((condition) ? (void)0 : GH_REVERT(reason))
/* An error of the schema without fields: GH_THROW("Closed()"). With fields: gh_buf_with(), gh_put_…, gh_fail(). */
#define GH_THROW(signature) gh_fail_plain(GH_SELECTOR(signature))

/* ---- Where, who, when ------------------------------------------------------------------------------------------ */

GH_INLINE gh_address gh_caller(void) {
    gh_address a;
    zvm1_caller(&a);
    return a;
}
GH_INLINE gh_address gh_self(void) {
    gh_address a;
    zvm1_self(&a);
    return a;
}
GH_INLINE gh_address gh_origin(void) {
    gh_address a;
    zvm1_origin(&a);
    return a;
}
GH_INLINE u128 gh_value(void) {
    u128 v;
    zvm1_value(&v);
    return v;
}
GH_INLINE uint64_t gh_block_height(void) { return (uint64_t)zvm1_block(0); }
GH_INLINE uint64_t gh_time_ms(void) { return (uint64_t)zvm1_block(1); }
GH_INLINE uint64_t gh_chain_id(void) { return (uint64_t)zvm1_block(2); }
GH_INLINE gh_hash gh_blake3(gh_view v) {
    gh_hash h;
    zvm1_blake3(v.data, v.size, &h);
    return h;
}
GH_INLINE gh_hash gh_sha256(gh_view v) {
    gh_hash h;
    zvm1_sha256(v.data, v.size, &h);
    return h;
}
GH_INLINE gh_hash gh_keccak256(gh_view v) {
    gh_hash h;
    zvm1_keccak256(v.data, v.size, &h);
    return h;
}
GH_INLINE gh_view gh_view_of(const gh_buf* b) {
    const gh_view v = {b->data, b->size};
    return v;
}

/* ---- Coins: the zero asset is GCC ------------------------------------------------------------------------------ */

GH_INLINE u128 gh_balance(gh_address of, gh_asset asset) {
    u128 v;
    zvm1_balance(&of, &asset, &v);
    return v;
}
/* Reverts when it cannot be paid. */
GH_FN void gh_pay(gh_address to, gh_asset asset, u128 amount) {
    if (amount && zvm1_transfer(&to, &asset, &amount) != 0) gh_panic(GH_PANIC_CALL);
}
GH_INLINE void gh_pay_gcc(gh_address to, u128 amount) {
    const gh_asset gcc = {{0}};
    gh_pay(to, gcc, amount);
}

/* ---- Storage: a slot has a name; a map has a name and a key behind it -------------------------------------------- */

/* Points at its bytes: the name itself, or, of a map, memory that lives as long as the call. */
typedef struct {
    const uint8_t* bytes;
    uint32_t size;
} gh_key;
enum { GH_KEY_MAX = 256 };
GH_WRAP gh_key gh_key_of(const char* name, uint32_t size) {
    const gh_key key = {(const uint8_t*)name, size};
    return key;
}
GH_FN const uint8_t* gh_joined(const void* first, uint32_t first_size, const void* second, uint32_t second_size) {
    if (first_size > GH_KEY_MAX || second_size > GH_KEY_MAX - first_size) gh_panic(GH_PANIC_STORAGE);
    uint8_t* const bytes = (uint8_t*)gh_alloc(first_size + second_size);
    memcpy(bytes, first, first_size);
    memcpy(bytes + first_size, second, second_size);
    return bytes;
}
/* The key with more behind it. */
GH_WRAP gh_key gh_key_add(gh_key key, const void* part, uint32_t size) {
    const gh_key longer = {gh_joined(key.bytes, key.size, part, size), key.size + size};
    return longer;
}
/* Names of slots and maps of one contract must not begin one another; end map names with '/'. */
#define GH_SLOT(name) gh_key_of("" name, sizeof(name) - 1)
#define GH_MAP(name, part) gh_key_add(GH_SLOT(name), &(part), sizeof(part))
#define GH_MAP2(name, first, second) gh_key_add(GH_MAP(name, first), &(second), sizeof(second))

GH_WRAP bool gh_has(gh_key key) { return zvm1_storage_get(key.bytes, key.size, 0, 0) >= 0; }
GH_WRAP void gh_clear(gh_key key) { zvm1_storage_del(key.bytes, key.size); }
/* False, and `out` zeroed, when there is nothing. Panics when something of another size is there. */
GH_FN bool gh_load_at(const void* key, uint32_t key_size, void* out, uint32_t size) {
    const int32_t found = zvm1_storage_get(key, key_size, out, size);
    if (found == (int32_t)size) return true;
    if (found >= 0) gh_panic(GH_PANIC_STORAGE);
    memset(out, 0, size);
    return false;
}
GH_WRAP bool gh_load(gh_key key, void* out, uint32_t size) { return gh_load_at(key.bytes, key.size, out, size); }
GH_WRAP void gh_store(gh_key key, const void* value, uint32_t size) {
    zvm1_storage_set(key.bytes, key.size, value, size);
}
#define GH_STORED_(name, type)                \
    GH_WRAP type gh_load_##name(gh_key key) { \
        type v;                               \
        gh_load(key, &v, sizeof v);           \
        return v;                             \
    }                                         \
    GH_WRAP void gh_store_##name(gh_key key, type v) { gh_store(key, &v, sizeof v); }
GH_STORED_(u8, uint8_t)
GH_STORED_(u16, uint16_t)
GH_STORED_(u32, uint32_t)
GH_STORED_(u64, uint64_t)
GH_STORED_(u128, u128)
GH_STORED_(i32, int32_t)
GH_STORED_(i64, int64_t)
GH_STORED_(bool, bool)
GH_STORED_(address, gh_address)
GH_STORED_(hash, gh_hash)
/* What most values fit into; longer ones are asked for twice. */
enum { GH_LOAD_AT_ONCE = 256 };
/* Of any length; size 0 and a null pointer when there is nothing. */
GH_FN gh_view gh_load_bytes(gh_key key) {
    gh_view out = {0, 0};
    uint8_t* const data = (uint8_t*)gh_alloc(GH_LOAD_AT_ONCE);
    const int32_t size = zvm1_storage_get(key.bytes, key.size, data, GH_LOAD_AT_ONCE);
    gh_heap_top = data; /* taken again with the right size, at the same place */
    if (size < 0) return out;
    out.data = (const uint8_t*)gh_alloc((uint32_t)size);
    out.size = (uint32_t)size;
    if (size > GH_LOAD_AT_ONCE) zvm1_storage_get(key.bytes, key.size, data, out.size);
    return out;
}
GH_WRAP void gh_store_bytes(gh_key key, gh_view v) { gh_store(key, v.data, v.size); }

/* ---- Events ---------------------------------------------------------------------------------------------------- */

typedef struct {
    gh_hash_words topics[4];
    uint32_t count;
    gh_buf data;
} gh_event;
/* gh_event e = GH_EVENT("Transfer(address,address,u128)"); gh_topic_address(&e, from); …; gh_put_u128(&e.data, n); */
static inline __attribute__((always_inline, unused)) gh_event gh_event_of(gh_hash_words topic) {
    gh_event e = {{{{0}}}, 1, {0, 0, 0}};
    e.topics[0] = topic;
    return e;
}
#define GH_EVENT(signature) gh_event_of(gh_blake3_block(GH_LITERAL(signature)))
GH_INLINE void gh_topic_raw(gh_event* e, const void* value, uint32_t size) {
    if (e->count >= 4 || size > 32) gh_panic(GH_PANIC_ASSERT);
    memcpy(&e->topics[e->count++], value, size);
}
GH_INLINE void gh_topic_address(gh_event* e, gh_address v) { gh_topic_raw(e, &v, sizeof v); }
GH_INLINE void gh_topic_hash(gh_event* e, gh_hash v) { gh_topic_raw(e, &v, sizeof v); }
GH_INLINE void gh_topic_u64(gh_event* e, uint64_t v) { gh_topic_raw(e, &v, sizeof v); }
GH_INLINE void gh_topic_u128(gh_event* e, u128 v) { gh_topic_raw(e, &v, sizeof v); }
GH_INLINE void gh_emit(const gh_event* e) { zvm1_emit(e->topics, e->count, e->data.data, e->data.size); }

/* ---- Calling other contracts ------------------------------------------------------------------------------------ */

typedef enum { GH_CALL_OK = 0, GH_CALL_REVERTED = 1, GH_CALL_TRAPPED = 2, GH_CALL_REFUSED = 3 } gh_call_status;
#define GH_ALLOW_REENTRY 1u
typedef struct {
    gh_address to;
    u128 value;
    uint64_t gas;   /* ~0ull: all that may be given */
    uint32_t flags; /* 0 or GH_ALLOW_REENTRY */
} gh_call_options;
GH_INLINE gh_call_status gh_try_call(gh_call_options o, const gh_buf* in) {
    return (gh_call_status)zvm1_call(&o.to, &o.value, o.gas, in->data, in->size, o.flags);
}
/* What the last call gave back, or its revert data. */
GH_FN gh_view gh_call_data(void) {
    const uint32_t size = zvm1_ret_len();
    uint8_t* const data = (uint8_t*)gh_alloc(size);
    zvm1_ret_copy(data, 0, size);
    const gh_view out = {data, size};
    return out;
}
/* The result of a call that must succeed; the callee's error becomes ours. */
GH_FN gh_view gh_call(gh_address to, const gh_buf* in) {
    const gh_call_options options = {to, 0, ~0ull, 0};
    const gh_call_status status = gh_try_call(options, in);
    if (status == GH_CALL_OK) return gh_call_data();
    if (status != GH_CALL_REVERTED) gh_panic(GH_PANIC_CALL);
    const gh_view error = gh_call_data();
    zvm1_revert(error.data, error.size);
}

/* ---- Entry points ---------------------------------------------------------------------------------------------- */

/* What is left of the arguments of this call. */
static gh_view gh_args;
static bool gh_is_handled;
#define gh_arg(type) \
    gh_get_##type(&gh_args) /* gh_arg(u128), gh_arg(address), gh_arg(bytes)… in the order of the method */
GH_FN void gh_read_input(void) {
    gh_args.size = zvm1_input_len();
    uint8_t* const data = (uint8_t*)gh_alloc(gh_args.size);
    zvm1_input_read(data, 0, gh_args.size);
    gh_args.data = data;
}
GH_INLINE void gh_refuse_value(void) {
    if (gh_value()) gh_panic(GH_PANIC_NOT_PAYABLE);
}
#define GH_RETURN_(name, type) \
    GH_INLINE void gh_return_##name(type v) { zvm1_ret(&v, sizeof v); }
GH_RETURN_(u8, uint8_t)
GH_RETURN_(u16, uint16_t)
GH_RETURN_(u32, uint32_t)
GH_RETURN_(u64, uint64_t)
GH_RETURN_(u128, u128)
GH_RETURN_(i32, int32_t)
GH_RETURN_(i64, int64_t)
GH_RETURN_(address, gh_address)
GH_RETURN_(hash, gh_hash)
GH_RETURN_(bool, bool)
GH_INLINE void gh_return(const gh_buf* out) { zvm1_ret(out->data, out->size); }

/* GH_INIT { … }: runs once. GH_INIT_PAYABLE also takes value. */
#define GH_INIT_(check)                                                  \
    static void gh_init_body(void);                                      \
    GH_C __attribute__((export_name("init"))) void gh_entry_init(void) { \
        gh_read_input();                                                 \
        check;                                                           \
        gh_init_body();                                                  \
        gh_get_end(&gh_args);                                            \
    }                                                                    \
    static void gh_init_body(void)
#define GH_INIT GH_INIT_(gh_refuse_value())
#define GH_INIT_PAYABLE GH_INIT_((void)0)
/* GH_CALLS { GH_METHOD("transfer(address,u128)", transfer) GH_PAYABLE("bid()", bid) } */
#define GH_CALLS                                                         \
    static void gh_dispatch(uint32_t gh_selector, bool gh_is_payment);   \
    GH_C __attribute__((export_name("call"))) void gh_entry_call(void) { \
        gh_read_input();                                                 \
        const bool is_payment = gh_args.size == 0;                       \
        gh_dispatch(is_payment ? 0 : gh_get_u32(&gh_args), is_payment);  \
        if (!gh_is_handled) gh_panic(GH_PANIC_METHOD);                   \
    }                                                                    \
    static void gh_dispatch(uint32_t gh_selector, bool gh_is_payment)
/* Methods stay functions of their own, so that stack traces and coverage name them. */
#define GH_ON_(match, check, function)  \
    if (match) {                        \
        check;                          \
        [[clang::noinline]] function(); \
        gh_get_end(&gh_args);           \
        gh_is_handled = true;           \
        return;                         \
    }
#define GH_METHOD(sig, function) GH_ON_(!gh_is_payment && gh_selector == GH_SELECTOR(sig), gh_refuse_value(), function)
#define GH_PAYABLE(sig, function) GH_ON_(!gh_is_payment && gh_selector == GH_SELECTOR(sig), (void)0, function)
/* A plain payment, without input. */
#define GH_RECEIVE(function) GH_ON_(gh_is_payment, (void)0, function)

/* Puts the schema into the module; the path is relative to the source or an -I folder. */
#define GH_ABI_FILE(path) __asm__(".section .custom_section.zvm.abi,\"\",@\n.incbin \"" path "\"\n.text\n");

#endif
