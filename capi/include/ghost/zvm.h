/* zvm: GhostChain's WebAssembly contract runtime for C, C++, Rust, Zig and whatever else calls C. C99 and C++.
 *
 *   #include <ghost/zvm.h>                           cc main.c $(pkg-config --cflags --libs zvm)
 *
 *   VmInstance* vm = zvm_create_instance(wasm, wasm_len);
 *   ExecutionResult* result = zvm_execute_function(vm, "add", args, args_len);
 *   if (zvm_result_status(result) == GHOST_OK) use(zvm_result_value(result, 0));
 *   zvm_free_execution_result(result);
 *   zvm_destroy_instance(vm);
 *
 * MODULES        Those that the chain would accept: no floats, no start function, functions of `zvm1` as the only
 *                imports, the chain's limits. An instance has its own storage, in memory, that `zvm1` reads and writes.
 *                Blocks, balances, other contracts and names do not exist here: their functions answer zero, "refused"
 *                and "absent".
 * GAS            Every execution is metered with the chain's prices and ends when the limit is used up. One gas is at
 *                most about a nanosecond on the reference machine, so a limit is also a bound on time. A chain charges
 *                beside it for the transaction, and for loading and starting the module at each call.
 * EXECUTION      Memory, globals and tables are as instantiated at the start of each call, as on the chain. Storage,
 *                which outlives calls, changes only when the call succeeds. A call emits at most 1,024 events with
 *                256 KiB of topics and data; beyond, it traps.
 * ERRORS         Functions that return int give GHOST_OK or a negative GHOST_ERR_* of <ghost/error.h>; functions that
 *                return a pointer give NULL. zvm_last_error() has the words. Loading takes memory in the order of
 *                the module's size; a system that refuses that much ends the process.
 * THREADS        Different instances may be used by different threads at once; one instance by one thread at a time.
 *                Results belong to nobody else once they are returned.
 * NULL           Destroying or freeing NULL does nothing. Reading a NULL result gives GHOST_ERR_INVALID_ARGUMENT or
 *                zero.
 * OWNERSHIP      What the caller passes is read during the call and never kept. What a function returns is the caller's
 *                to destroy or free, once, by the function of its type; it does not need the instance any more.
 */
#ifndef GHOST_ZVM_H
#define GHOST_ZVM_H

#include <stddef.h>
#include <stdint.h>
#if defined(_POSIX_VERSION) || defined(__unix__) || defined(__APPLE__)
#include <sys/types.h>
#endif

#include "ghost/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmInstance VmInstance;
typedef struct ExecutionResult ExecutionResult;
typedef struct ContractResult ContractResult;

/* ---- the library ------------------------------------------------------------------------------------------------ */

/* "0.1.0". Static. */
GHOST_API const char* zvm_version(void);
/* The version of the gas prices. Two builds with the same number charge the same for everything. */
GHOST_API uint32_t zvm_gas_version(void);
/* What went wrong in this thread's most recent failing call, for a person. Empty before any failure. Valid until this
 * thread's next failure. */
GHOST_API const char* zvm_last_error(void);

#define ZVM_CODE_BYTES_MAX (256u * 1024u)   /* of a module */
#define ZVM_INPUT_BYTES_MAX (64u * 1024u)   /* of an input, and of what a contract returns */
#define ZVM_STATE_KEY_MAX 256u              /* bytes of a storage key */
#define ZVM_STATE_VALUE_MAX (64u * 1024u)   /* bytes of a stored value */
#define ZVM_MEMORY_PAGES_MAX 64u            /* of 64 KiB */
#define ZVM_GAS_LIMIT_DEFAULT 1000000000ull /* of an execution: about a second at most */

/* GHOST_OK when the chain would accept the module as a contract, else GHOST_ERR_MALFORMED and zvm_last_error() says
 * why. That takes more than an instance does: an export `call`, `call` and `init` without parameters and results, at
 * most one section `zvm.abi`. */
GHOST_API int zvm_validate(const uint8_t* bytecode, size_t bytecode_len);

/* ---- instances -------------------------------------------------------------------------------------------------- */

/* Loads a module, which is copied as far as needed. NULL when it is not acceptable. */
GHOST_API VmInstance* zvm_create_instance(const uint8_t* bytecode, size_t bytecode_len);

/* The same with flags. */
#define ZVM_INSTANCE_CHAIN \
    1u /* storage changes by execution only: zvm_set_state() is denied, since nothing meters it */
GHOST_API VmInstance* zvm_create_instance_with(const uint8_t* bytecode, size_t bytecode_len, uint32_t flags);

GHOST_API void zvm_destroy_instance(VmInstance* instance);

/* What each later execution may use. GHOST_ERR_OUT_OF_RANGE above INT64_MAX. */
GHOST_API int zvm_set_gas_limit(VmInstance* instance, uint64_t gas);
GHOST_API uint64_t zvm_gas_limit(const VmInstance* instance);

/* The 32 bytes that `caller` and `origin` give to the contract, and `self`. Zeroes at first; either may be NULL. */
GHOST_API int zvm_set_addresses(VmInstance* instance, const uint8_t* caller, const uint8_t* self);
/* What `block` gives: height, time in milliseconds since 1970, chain id. Zeroes at first. */
GHOST_API int zvm_set_block(VmInstance* instance, uint64_t height, uint64_t time_ms, uint64_t chain_id);

/* 1 when the module exports a function of this name, else 0. */
GHOST_API int zvm_has_function(const VmInstance* instance, const char* function_name);

/* Calls an exported function. When it has parameters, `args` are their values one after another, little-endian, 4 bytes
 * for an i32 and 8 for an i64, and args_len must fit exactly. When it has none, `args` are the contract's input.
 * Never NULL unless memory is out or `instance` or `function_name` is NULL: failures are in the result. */
GHOST_API ExecutionResult* zvm_execute_function(VmInstance* instance, const char* function_name, const uint8_t* args,
                                                size_t args_len);

/* ---- storage ---------------------------------------------------------------------------------------------------- */

/* Copies at most max_len bytes of a value and returns its whole length; GHOST_ERR_NOT_FOUND when there is none. `value`
 * may be NULL when max_len is 0. GHOST_ERR_OUT_OF_RANGE for a key above its bound. */
GHOST_API ssize_t zvm_get_state(VmInstance* instance, const uint8_t* key, size_t key_len, uint8_t* value,
                                size_t max_len);

/* Writes a value; one of no bytes is a value too. GHOST_ERR_OUT_OF_RANGE for a key or value above its bound;
 * GHOST_ERR_DENIED on an instance with ZVM_INSTANCE_CHAIN. */
GHOST_API int zvm_set_state(VmInstance* instance, const uint8_t* key, size_t key_len, const uint8_t* value,
                            size_t value_len);
/* Removes a value; GHOST_OK also when there was none. GHOST_ERR_DENIED as above. */
GHOST_API int zvm_delete_state(VmInstance* instance, const uint8_t* key, size_t key_len);

/* ---- results ---------------------------------------------------------------------------------------------------- */

/* GHOST_OK; GHOST_ERR_OUT_OF_GAS; GHOST_ERR_TRAP, also for a revert, which zvm_result_reverted() tells apart;
 * GHOST_ERR_NOT_FOUND for no such function; GHOST_ERR_INVALID_LENGTH for args that do not fit;
 * GHOST_ERR_OUT_OF_RANGE for an input above its bound; GHOST_ERR_OUT_OF_MEMORY. */
GHOST_API int zvm_result_status(const ExecutionResult* result);
/* The failure in words; "" when there is none. Lives as long as the result. */
GHOST_API const char* zvm_result_message(const ExecutionResult* result);
/* After a trap, the functions that were active, innermost first, a line each. For people. */
GHOST_API const char* zvm_result_trace(const ExecutionResult* result);
/* 1 when the contract ended itself by `revert`: then zvm_result_data() is what it said. */
GHOST_API int zvm_result_reverted(const ExecutionResult* result);
GHOST_API uint64_t zvm_result_gas_used(const ExecutionResult* result);
/* What the function returned; an i32 is zero-extended. Out of range: 0. */
GHOST_API size_t zvm_result_count(const ExecutionResult* result);
GHOST_API uint64_t zvm_result_value(const ExecutionResult* result, size_t index);
/* What the contract gave to `ret` or `revert`. NULL with *len 0 when there is nothing. Lives as long as the result. */
GHOST_API const uint8_t* zvm_result_data(const ExecutionResult* result, size_t* len);

typedef struct zvm_event {
    const uint8_t* topics; /* 32 bytes each; never NULL */
    size_t topic_count;    /* at most 4 */
    const uint8_t* data;   /* never NULL */
    size_t data_len;
} zvm_event;
GHOST_API size_t zvm_result_event_count(const ExecutionResult* result);
/* GHOST_ERR_OUT_OF_RANGE when there is no such event. The pointers live as long as the result. */
GHOST_API int zvm_result_event(const ExecutionResult* result, size_t index, zvm_event* event);
GHOST_API void zvm_free_execution_result(ExecutionResult* result);

/* ---- a contract in one call ------------------------------------------------------------------------------------- */

/* Loads a module, calls its function `call` with the input, and forgets everything but the result. NULL only when
 * memory is out: a module that is not acceptable is GHOST_ERR_MALFORMED in the result. */
GHOST_API ContractResult* zvm_execute_contract(const uint8_t* bytecode, size_t bytecode_len, const uint8_t* input_data,
                                               size_t input_len);
/* As zvm_result_…() with the matching name. */
GHOST_API int zvm_contract_result_status(const ContractResult* result);
GHOST_API const char* zvm_contract_result_message(const ContractResult* result);
GHOST_API int zvm_contract_result_reverted(const ContractResult* result);
GHOST_API uint64_t zvm_contract_result_gas_used(const ContractResult* result);
GHOST_API const uint8_t* zvm_contract_result_data(const ContractResult* result, size_t* len);
GHOST_API size_t zvm_contract_result_event_count(const ContractResult* result);
GHOST_API int zvm_contract_result_event(const ContractResult* result, size_t index, zvm_event* event);
GHOST_API void zvm_free_contract_result(ContractResult* result);

#ifdef __cplusplus
}
#endif
#endif
