/* Every function of ghost/zvm.h from strict C99: what it promises, and that wrong arguments are answered. */
#include <ghost/zvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules.h"

static int failures = 0;
#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            ++failures;                                                     \
        }                                                                   \
    } while (0)

static void put_u32(uint8_t* to, uint32_t value) {
    int i;
    for (i = 0; i < 4; ++i) to[i] = (uint8_t)(value >> 8 * i);
}

static void values_and_lengths(VmInstance* vm) {
    uint8_t args[12] = {0};
    ExecutionResult* result;
    put_u32(args, 40);
    put_u32(args + 4, 2);
    result = zvm_execute_function(vm, "add", args, sizeof args);
    CHECK(zvm_result_status(result) == GHOST_OK);
    CHECK(zvm_result_count(result) == 1);
    CHECK(zvm_result_value(result, 0) == 42);
    CHECK(zvm_result_value(result, 1) == 0);
    CHECK(zvm_result_gas_used(result) > 0);
    CHECK(zvm_result_message(result)[0] == '\0');
    CHECK(zvm_result_data(result, NULL) == NULL);
    zvm_free_execution_result(result);

    result = zvm_execute_function(vm, "add", args, 11);
    CHECK(zvm_result_status(result) == GHOST_ERR_INVALID_LENGTH);
    zvm_free_execution_result(result);
    result = zvm_execute_function(vm, "absent", NULL, 0);
    CHECK(zvm_result_status(result) == GHOST_ERR_NOT_FOUND);
    CHECK(strstr(zvm_last_error(), "absent") != NULL);
    zvm_free_execution_result(result);
    CHECK(zvm_execute_function(vm, "add", NULL, 12) == NULL);
    CHECK(zvm_execute_function(NULL, "add", args, 12) == NULL);
    CHECK(zvm_execute_function(vm, NULL, args, 12) == NULL);
}

static void calls_start_fresh(VmInstance* vm) {
    int i;
    for (i = 0; i < 2; ++i) {
        ExecutionResult* result = zvm_execute_function(vm, "calls", NULL, 0);
        CHECK(zvm_result_value(result, 0) == 1);
        zvm_free_execution_result(result);
    }
}

static void gas_and_traps(VmInstance* vm) {
    ExecutionResult* result;
    CHECK(zvm_gas_limit(vm) == ZVM_GAS_LIMIT_DEFAULT);
    CHECK(zvm_set_gas_limit(vm, UINT64_MAX) == GHOST_ERR_OUT_OF_RANGE);
    CHECK(zvm_set_gas_limit(vm, 100000) == GHOST_OK);
    result = zvm_execute_function(vm, "spin", NULL, 0);
    CHECK(zvm_result_status(result) == GHOST_ERR_OUT_OF_GAS);
    CHECK(zvm_result_gas_used(result) == 100000);
    CHECK(!zvm_result_reverted(result));
    zvm_free_execution_result(result);
    result = zvm_execute_function(vm, "trap", NULL, 0);
    CHECK(zvm_result_status(result) == GHOST_ERR_TRAP);
    CHECK(strcmp(zvm_result_message(result), "unreachable") == 0);
    CHECK(strncmp(zvm_result_trace(result), "deep\n", 5) == 0);
    zvm_free_execution_result(result);
    CHECK(zvm_set_gas_limit(vm, ZVM_GAS_LIMIT_DEFAULT) == GHOST_OK);
}

static void storage_and_events(VmInstance* vm) {
    const uint8_t key[] = "last";
    uint8_t value[8] = {0};
    uint8_t* large = calloc(1, ZVM_STATE_VALUE_MAX + 1);
    zvm_event event;
    size_t len = 0;
    ExecutionResult* result;
    CHECK(large != NULL);
    if (!large) return;
    CHECK(zvm_get_state(vm, key, 4, value, sizeof value) == GHOST_ERR_NOT_FOUND);
    CHECK(zvm_set_state(vm, key, 4, (const uint8_t*)"first", 5) == GHOST_OK);
    result = zvm_execute_function(vm, "call", (const uint8_t*)"second", 6);
    CHECK(zvm_result_status(result) == GHOST_OK);
    CHECK(zvm_result_data(result, &len) != NULL && len == 5);
    CHECK(len == 5 && memcmp(zvm_result_data(result, &len), "first", 5) == 0);
    CHECK(zvm_result_event_count(result) == 1);
    CHECK(zvm_result_event(result, 0, &event) == GHOST_OK);
    CHECK(event.topic_count == 1 && memcmp(event.topics, "last", 4) == 0);
    CHECK(event.data_len == 6 && memcmp(event.data, "second", 6) == 0);
    CHECK(zvm_result_event(result, 1, &event) == GHOST_ERR_OUT_OF_RANGE);
    CHECK(zvm_result_event(result, 0, NULL) == GHOST_ERR_INVALID_ARGUMENT);
    zvm_free_execution_result(result);

    /* The whole length, and as much as fits. */
    CHECK(zvm_get_state(vm, key, 4, value, 3) == 6);
    CHECK(memcmp(value, "sec\0", 4) == 0);
    CHECK(zvm_get_state(vm, key, 4, NULL, 0) == 6);

    /* A revert keeps the storage as it was, and its own words. */
    result = zvm_execute_function(vm, "call", (const uint8_t*)"!no", 3);
    CHECK(zvm_result_status(result) == GHOST_ERR_TRAP);
    CHECK(zvm_result_reverted(result));
    CHECK(zvm_result_data(result, &len) != NULL && len == 3);
    CHECK(zvm_result_event_count(result) == 0);
    zvm_free_execution_result(result);
    CHECK(zvm_get_state(vm, key, 4, value, sizeof value) == 6);

    CHECK(zvm_set_state(vm, large, ZVM_STATE_KEY_MAX, NULL, 0) == GHOST_OK);
    CHECK(zvm_get_state(vm, large, ZVM_STATE_KEY_MAX, NULL, 0) == 0);
    CHECK(zvm_set_state(vm, large, ZVM_STATE_KEY_MAX + 1, NULL, 0) == GHOST_ERR_OUT_OF_RANGE);
    CHECK(zvm_get_state(vm, large, ZVM_STATE_KEY_MAX + 1, NULL, 0) == GHOST_ERR_OUT_OF_RANGE);
    CHECK(zvm_set_state(vm, key, 4, large, ZVM_STATE_VALUE_MAX) == GHOST_OK);
    CHECK(zvm_set_state(vm, key, 4, large, ZVM_STATE_VALUE_MAX + 1) == GHOST_ERR_OUT_OF_RANGE);
    CHECK(zvm_set_state(vm, NULL, 4, value, 1) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_set_state(vm, key, 4, NULL, 1) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_get_state(vm, key, 4, NULL, 1) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_delete_state(vm, key, 4) == GHOST_OK);
    CHECK(zvm_delete_state(vm, key, 4) == GHOST_OK);
    CHECK(zvm_get_state(vm, key, 4, NULL, 0) == GHOST_ERR_NOT_FOUND);
    result = zvm_execute_function(vm, "call", large, ZVM_INPUT_BYTES_MAX + 1);
    CHECK(zvm_result_status(result) == GHOST_ERR_OUT_OF_RANGE);
    zvm_free_execution_result(result);
    free(large);
}

static void chain_instances_meter_every_write(void) {
    VmInstance* vm = zvm_create_instance_with(kEcho, sizeof kEcho, ZVM_INSTANCE_CHAIN);
    const uint8_t key[] = "last";
    ExecutionResult* result;
    CHECK(vm != NULL);
    CHECK(zvm_set_state(vm, key, 4, key, 4) == GHOST_ERR_DENIED);
    CHECK(zvm_delete_state(vm, key, 4) == GHOST_ERR_DENIED);
    result = zvm_execute_function(vm, "call", key, 4);
    CHECK(zvm_result_gas_used(result) > 5000);
    zvm_free_execution_result(result);
    CHECK(zvm_get_state(vm, key, 4, NULL, 0) == 4);
    zvm_destroy_instance(vm);
}

static void contracts_in_one_call(void) {
    size_t len = 0;
    zvm_event event;
    ContractResult* result = zvm_execute_contract(kEcho, sizeof kEcho, (const uint8_t*)"hi", 2);
    CHECK(zvm_contract_result_status(result) == GHOST_OK);
    CHECK(zvm_contract_result_data(result, &len) == NULL && len == 0);
    CHECK(zvm_contract_result_gas_used(result) > 0);
    CHECK(zvm_contract_result_event_count(result) == 1);
    CHECK(zvm_contract_result_event(result, 0, &event) == GHOST_OK && event.data_len == 2);
    zvm_free_contract_result(result);
    /* No bytes have an address, too. */
    result = zvm_execute_contract(kEcho, sizeof kEcho, NULL, 0);
    CHECK(zvm_contract_result_event(result, 0, &event) == GHOST_OK);
    CHECK(event.topics != NULL && event.data != NULL && event.data_len == 0);
    zvm_free_contract_result(result);
    result = zvm_execute_contract(kEcho, sizeof kEcho, (const uint8_t*)"!", 1);
    CHECK(zvm_contract_result_reverted(result));
    CHECK(zvm_contract_result_message(result)[0] != '\0');
    zvm_free_contract_result(result);
    result = zvm_execute_contract(kEcho, 12, NULL, 0);
    CHECK(zvm_contract_result_status(result) == GHOST_ERR_MALFORMED);
    zvm_free_contract_result(result);
    result = zvm_execute_contract(NULL, 12, NULL, 0);
    CHECK(zvm_contract_result_status(result) == GHOST_ERR_INVALID_ARGUMENT);
    zvm_free_contract_result(result);
}

static void truncated_modules_are_refused(void) {
    size_t length;
    for (length = 0; length < sizeof kEcho; ++length) {
        VmInstance* vm = zvm_create_instance(kEcho, length);
        if (vm) {
            /* A module may end between two sections; one without `call` can be run, but not deployed. */
            CHECK((zvm_validate(kEcho, length) == GHOST_OK) == zvm_has_function(vm, "call"));
            zvm_destroy_instance(vm);
        } else {
            CHECK(zvm_last_error()[0] != '\0');
        }
    }
}

static void null_is_answered(void) {
    zvm_event event;
    size_t len = 1;
    CHECK(zvm_create_instance(NULL, 1) == NULL);
    CHECK(zvm_create_instance_with(kEcho, sizeof kEcho, 2) == NULL);
    CHECK(zvm_validate(NULL, 1) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_validate(kEcho, sizeof kEcho) == GHOST_OK);
    zvm_destroy_instance(NULL);
    zvm_free_execution_result(NULL);
    zvm_free_contract_result(NULL);
    CHECK(zvm_set_gas_limit(NULL, 1) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_gas_limit(NULL) == 0);
    CHECK(zvm_set_addresses(NULL, NULL, NULL) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_set_block(NULL, 1, 2, 3) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_has_function(NULL, "f") == 0);
    CHECK(zvm_get_state(NULL, NULL, 0, NULL, 0) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_result_status(NULL) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_result_message(NULL)[0] == '\0' && zvm_result_trace(NULL)[0] == '\0');
    CHECK(zvm_result_reverted(NULL) == 0 && zvm_result_gas_used(NULL) == 0);
    CHECK(zvm_result_count(NULL) == 0 && zvm_result_value(NULL, 0) == 0);
    CHECK(zvm_result_data(NULL, &len) == NULL && len == 0);
    CHECK(zvm_result_event_count(NULL) == 0);
    CHECK(zvm_result_event(NULL, 0, &event) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_contract_result_status(NULL) == GHOST_ERR_INVALID_ARGUMENT);
    CHECK(zvm_contract_result_message(NULL)[0] == '\0' && zvm_contract_result_reverted(NULL) == 0);
    CHECK(zvm_contract_result_gas_used(NULL) == 0 && zvm_contract_result_event_count(NULL) == 0);
    CHECK(zvm_contract_result_data(NULL, NULL) == NULL);
    CHECK(zvm_contract_result_event(NULL, 0, &event) == GHOST_ERR_INVALID_ARGUMENT);
}

int main(void) {
    VmInstance* vm = zvm_create_instance(kEcho, sizeof kEcho);
    const uint8_t who[32] = {1};
    CHECK(vm != NULL);
    if (!vm) {
        fprintf(stderr, "%s\n", zvm_last_error());
        return 1;
    }
    CHECK(zvm_version()[0] != '\0' && zvm_gas_version() >= 1);
    CHECK(zvm_has_function(vm, "add") == 1 && zvm_has_function(vm, "memory") == 0);
    CHECK(zvm_set_addresses(vm, who, NULL) == GHOST_OK);
    CHECK(zvm_set_block(vm, 1, 2, 3) == GHOST_OK);
    values_and_lengths(vm);
    calls_start_fresh(vm);
    gas_and_traps(vm);
    storage_and_events(vm);
    zvm_destroy_instance(vm);
    chain_instances_meter_every_write();
    contracts_in_one_call();
    truncated_modules_are_refused();
    null_is_answered();
    if (failures) fprintf(stderr, "%d checks failed\n", failures);
    return failures != 0;
}
