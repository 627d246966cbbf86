#pragma once
// The arithmetic below Ed25519 verification comes in three back ends: portable, AVX2 and AVX-512 IFMA. The best one
// that the processor has is taken at the first use. All give the same answer to every input; each is one instance of
// the templates in ed25519_kernel.hpp, in a source file of its own that alone is compiled for its instructions.

#include <memory>
#include <string_view>

#include "point.hpp"
#include "scalar.hpp"

namespace zcrypto::curve {

enum class Backend : std::uint8_t { portable, avx2, ifma };
inline constexpr Backend kBackends[] = {Backend::portable, Backend::avx2, Backend::ifma};
std::string_view name_of(Backend backend) noexcept;

/// [base]B + [a_scalar]a + [r_scalar]r, the equation of one signature.
struct SingleSum {
    Extended a, r;
    u128 a_scalar, r_scalar;  ///< Below 2^127.
    Scalar base;
};

/// One summand of a batch's equation.
struct Term {
    Extended point;
    Scalar scalar;
};

/// Memory that grows and is kept between uses, aligned for vectors.
class Workspace {
 public:
    /// At least `size` bytes. What was there is lost when it has to grow.
    void* reserve(std::size_t size) noexcept;

 private:
    struct Free {
        void operator()(void* memory) const noexcept;
    };
    std::unique_ptr<void, Free> memory_;
    std::size_t size_ = 0;
};

/// What a back end's field makes of a and b, as portable limbs; for tests.
struct FieldProbe {
    Fe product, square, sum, difference;
};
inline constexpr std::size_t kProbes = 8;

struct Operations {
    Backend backend;
    /// Decodes `count` points as decompress() does; ok[i] says whether encoded[i] is one.
    void (*decode)(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept;
    /// Whether the sum is of small order: the cofactored equation.
    bool (*single)(const SingleSum& sum) noexcept;
    /// The sum of all terms and [base]B.
    Extended (*multi)(const Term* terms, std::size_t count, const Scalar& base, Workspace& workspace) noexcept;
    /// Limbs below 2^52 for product and square; tight ones for sum and difference.
    void (*probe)(const Fe (&a)[kProbes], const Fe (&b)[kProbes], FieldProbe (&out)[kProbes]) noexcept;
};

/// Those in use.
const Operations& operations() noexcept;
/// Null when the processor cannot run it, or this build does not have it.
const Operations* operations_of(Backend backend) noexcept;
/// For tests and benches: uses `backend` in the whole process from now on. False, and no change, when it cannot run.
bool force_backend(Backend backend) noexcept;

// Only to be called when the processor has the instructions; operations_of() looks.
const Operations& portable_operations() noexcept;
const Operations& avx2_operations() noexcept;
const Operations& ifma_operations() noexcept;

}  // namespace zcrypto::curve
