#include "ghost/error.h"

// Weak: each of the static libraries brings this table, and a program may link several.
extern "C" __attribute__((weak)) const char* ghost_error_string(int code) {
    switch (code) {
        case GHOST_OK: return "no error";
        case GHOST_ERR_INVALID_ARGUMENT: return "a null pointer, or a value that the function does not take";
        case GHOST_ERR_INVALID_LENGTH: return "a length that the function does not take";
        case GHOST_ERR_INVALID_KEY: return "bytes that are no key of this algorithm";
        case GHOST_ERR_INVALID_SIGNATURE: return "the signature does not belong to this key and message";
        case GHOST_ERR_AUTHENTICATION: return "wrong key or tampered ciphertext";
        case GHOST_ERR_OUT_OF_RANGE: return "a parameter above its bound";
        case GHOST_ERR_WEAK_PARAMETERS: return "password hash parameters below the floor";
        case GHOST_ERR_OUT_OF_MEMORY: return "out of memory";
        case GHOST_ERR_SELF_TEST: return "the self-test failed: the library does not compute correctly on this machine";
        case GHOST_ERR_NOT_ENABLED: return "off by default or not part of this build";
        case GHOST_ERR_INTERNAL: return "internal error";
        case GHOST_ERR_NOT_FOUND: return "not found";
        case GHOST_ERR_TIMED_OUT: return "timed out";
        case GHOST_ERR_CLOSED: return "closed";
        case GHOST_ERR_WOULD_BLOCK: return "nothing there yet";
        case GHOST_ERR_OVERLOADED: return "overloaded";
        case GHOST_ERR_IO: return "the system refused";
        case GHOST_ERR_DENIED: return "denied";
        case GHOST_ERR_MALFORMED: return "malformed input";
        case GHOST_ERR_OUT_OF_GAS: return "out of gas";
        case GHOST_ERR_TRAP: return "the contract stopped abnormally";
        default: return "unknown error code";
    }
}
