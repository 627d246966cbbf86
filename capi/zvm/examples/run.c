/* Runs a function of a WebAssembly module.  cc run.c $(pkg-config --cflags --libs zvm) && ./a.out add.wasm add 40 2 */
#include <ghost/zvm.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    static uint8_t wasm[ZVM_CODE_BYTES_MAX];
    uint8_t args[32 * 4] = {0};
    size_t size, args_len = 0, i;
    FILE* file;
    VmInstance* vm;
    ExecutionResult* result;
    int code;

    if (argc < 3 || argc > 35) {
        fprintf(stderr, "usage: run MODULE FUNCTION [I32]...\n");
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (!file) {
        perror(argv[1]);
        return 1;
    }
    size = fread(wasm, 1, sizeof wasm, file);
    fclose(file);

    vm = zvm_create_instance(wasm, size);
    if (!vm) {
        fprintf(stderr, "%s: %s\n", argv[1], zvm_last_error());
        return 1;
    }
    for (i = 3; i < (size_t)argc; ++i) {
        const uint32_t value = (uint32_t)strtol(argv[i], NULL, 0);
        int k;
        for (k = 0; k < 4; ++k) args[args_len++] = (uint8_t)(value >> 8 * k);
    }
    result = zvm_execute_function(vm, argv[2], args, args_len);
    code = zvm_result_status(result);
    if (code == GHOST_OK) {
        for (i = 0; i < zvm_result_count(result); ++i) printf("%" PRIu64 "\n", zvm_result_value(result, i));
        printf("gas %" PRIu64 "\n", zvm_result_gas_used(result));
    } else {
        fprintf(stderr, "%s\n%s", zvm_result_message(result), zvm_result_trace(result));
    }
    zvm_free_execution_result(result);
    zvm_destroy_instance(vm);
    return code == GHOST_OK ? 0 : 1;
}
