#include "base/random.hpp"
#include "call.hpp"

using namespace capi_zcrypto;

namespace capi_zcrypto {
namespace {

int code_of(zcrypto::Errc code) noexcept {
    switch (code) {
        case zcrypto::Errc::bad_length: return GHOST_ERR_INVALID_LENGTH;
        case zcrypto::Errc::authentication_failed: return GHOST_ERR_AUTHENTICATION;
        case zcrypto::Errc::weak_parameters: return GHOST_ERR_WEAK_PARAMETERS;
        case zcrypto::Errc::out_of_range: return GHOST_ERR_OUT_OF_RANGE;
        case zcrypto::Errc::out_of_memory: return GHOST_ERR_OUT_OF_MEMORY;
        case zcrypto::Errc::bad_signature: return GHOST_ERR_INVALID_SIGNATURE;
        case zcrypto::Errc::bad_point:
        case zcrypto::Errc::bad_key:
        case zcrypto::Errc::small_order: return GHOST_ERR_INVALID_KEY;
        case zcrypto::Errc::bad_word_count:
        case zcrypto::Errc::unknown_word:
        case zcrypto::Errc::bad_checksum:
        case zcrypto::Errc::bad_path:
        case zcrypto::Errc::not_hardened:
        case zcrypto::Errc::unsupported_text:
        case zcrypto::Errc::bad_encoding:
        case zcrypto::Errc::not_enough_shares:
        case zcrypto::Errc::share_mismatch:
        case zcrypto::Errc::bad_digest: return GHOST_ERR_MALFORMED;
    }
    return GHOST_ERR_INTERNAL;
}

}  // namespace

int code_of(const base::Error& error) noexcept {
    if (error.domain == &error_domain(zcrypto::Errc{})) return code_of(static_cast<zcrypto::Errc>(error.code));
    if (error.is(base::Errc::not_canonical)) return GHOST_ERR_INVALID_KEY;  // ML-KEM's public keys
    if (error.is(base::Errc::out_of_range)) return GHOST_ERR_OUT_OF_RANGE;
    if (error.is(base::Errc::invalid_argument)) return GHOST_ERR_INVALID_ARGUMENT;
    return GHOST_ERR_INTERNAL;
}

}  // namespace capi_zcrypto

extern "C" {

const char* zcrypto_version(void) { return ZCRYPTO_VERSION; }

const char* zcrypto_last_error(void) { return capi::last_error().data(); }

int zcrypto_self_test(void) {
    for (auto* const works : {&core_works, &argon2_works, &pq_works}) {
        if (const int code = tested(works); code != GHOST_OK) return code;
    }
    return GHOST_OK;
}

int zcrypto_random(uint8_t* out, size_t len) {
    return call(given(out, len), [&]() -> base::Result<void> {
        base::system_random().fill({reinterpret_cast<std::byte*>(out), len});
        return {};
    });
}

void zcrypto_secure_zero(void* memory, size_t len) {
    if (memory) zcrypto::secure_wipe({static_cast<std::byte*>(memory), len});
}

int zcrypto_equal(const uint8_t* a, const uint8_t* b, size_t len) {
    return given(a, len) && given(b, len) && zcrypto::equal_constant_time(bytes(a, len), bytes(b, len)) ? 1 : 0;
}

}  // extern "C"
