#include "zcrypto/secret.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>
#include <thread>
#include <vector>

#include "base/sanitizers.hpp"

namespace {

using zcrypto::Secret;
using zcrypto::SecretBytes;

bool all_zero(base::ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

TEST(SecretBytes, StartsZeroedAlsoInMemoryThatHeldAnotherSecret) {
    for (const std::size_t size : {1, 8, 31, 32, 33, 100, 4096, 5000, 100'000}) {
        for (int round = 0; round < 3; ++round) {
            SecretBytes secret{size};
            ASSERT_EQ(secret.size(), size);
            EXPECT_TRUE(all_zero(secret.expose())) << size;
            std::ranges::fill(secret.expose_mutable(), std::byte{0xaa});
        }
    }
}

TEST(SecretBytes, IsWipedWhenDestroyed) {
    const std::byte* address = nullptr;
    {
        auto secret = SecretBytes::copy_of(base::as_bytes("0123456789abcdef0123456789abcdef"));
        address = secret.expose().data();
    }
    // The arena keeps its pages mapped; a free block holds nothing but a link in its first bytes.
    EXPECT_TRUE(all_zero({address + sizeof(void*), 32 - sizeof(void*)}));
}

TEST(SecretBytes, MovesWithoutCopying) {
    auto source = SecretBytes::copy_of(base::as_bytes("secret"));
    const auto* const address = source.expose().data();
    SecretBytes target{std::move(source)};
    EXPECT_EQ(target.expose().data(), address);
    SecretBytes assigned;
    assigned = std::move(target);
    EXPECT_EQ(base::as_text(assigned.expose()), "secret");
    EXPECT_TRUE(SecretBytes{}.empty());
}

TEST(Secret, RefusesAnotherSize) {
    EXPECT_TRUE(Secret<6>::make(base::as_bytes("secret")));
    EXPECT_TRUE(Secret<7>::make(base::as_bytes("secret")).error().is(base::Errc::invalid_argument));
}

TEST(Secret, ClonesIntoMemoryOfItsOwn) {
    const auto secret = Secret<32>::random(base::system_random());
    const auto copy = secret.clone();
    EXPECT_NE(secret.expose().data(), copy.expose().data());
    EXPECT_TRUE(zcrypto::equal_constant_time(secret.expose(), copy.expose()));
}

TEST(SecretMemory, IsKeptOutOfSwapOrSaysSo) {
    const auto kind = zcrypto::secret_memory();
    std::printf("[ secrets  ] %s\n", kind == zcrypto::SecretMemory::memfd_secret ? "memfd_secret"
                                     : kind == zcrypto::SecretMemory::locked     ? "mlock"
                                                                                 : "not locked");
    EXPECT_EQ(kind, zcrypto::secret_memory());
}

/// What the kernel offers when it is asked without any of our code.
bool kernel_has_secret_memory() {
#ifdef SYS_memfd_secret
    constexpr std::size_t kSize = 64 * 1024;
    const auto fd = static_cast<int>(syscall(SYS_memfd_secret, 0));
    if (fd < 0) return false;
    const bool sized = ftruncate(fd, kSize) == 0;
    auto* const memory = sized ? mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    close(fd);
    if (memory == MAP_FAILED) return false;
    munmap(memory, kSize);
    return true;
#else
    return false;
#endif
}

/// Runs `body` in a forked child; its exit code, or -1 when it crashed.
template <typename Body>
int in_child(Body body) {
    const auto child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SecretMemory, IsTheKernelsSecretMemoryWhereverThereIsSome) {
    // In a child, whose arena is new: in this process an earlier secret may have met RLIMIT_MEMLOCK, which the kernel
    // counts these pages against.
    constexpr int kAbsent = 2;
    const int result = in_child([] {
        if (!kernel_has_secret_memory()) return kAbsent;
        return zcrypto::secret_memory() == zcrypto::SecretMemory::memfd_secret ? 0 : 1;
    });
    if (result == kAbsent) GTEST_SKIP() << "memfd_secret(2) is not to be had here";
    EXPECT_EQ(result, 0);
}

TEST(SecretMemory, OfAChildNeverLiesWhereAnInheritedSecretPoints) {
    std::vector<SecretBytes> inherited;
    for (const std::size_t size : {32, 64, 5000, 64 * 1024, 100'000}) inherited.emplace_back(size);
    EXPECT_EQ(in_child([&] {
                  std::vector<SecretBytes> own;
                  for (const std::size_t size : {32, 64, 5000, 64 * 1024, 100'000}) {
                      for (int i = 0; i < 40; ++i) own.emplace_back(size);
                  }
                  const auto overlap = [](const SecretBytes& a, const SecretBytes& b) {
                      const auto *const x = a.expose().data(), *const y = b.expose().data();
                      return x < y + b.size() && y < x + a.size();
                  };
                  for (const auto& a : own) {
                      for (const auto& b : inherited) {
                          if (overlap(a, b)) return 1;
                      }
                  }
                  return 0;
              }),
              0);
}

TEST(SecretMemory, OfAChildOutlivesTheInheritedSecretsThatItDestroys) {
    std::vector<SecretBytes> inherited;
    for (const std::size_t size : {32, 64, 5000, 64 * 1024, 100'000}) inherited.emplace_back(size);
    const auto child = [&] {
        std::vector<SecretBytes> own;
        for (const std::size_t size : {32, 64, 5000, 64 * 1024, 100'000}) {
            own.emplace_back(size);
            std::ranges::fill(own.back().expose_mutable(), std::byte{0xaa});
        }
        inherited.clear();  // May neither wipe nor free what is the child's.
        for (const auto& each : own) {
            if (std::ranges::any_of(each.expose(), [](std::byte b) { return b != std::byte{0xaa}; })) return 1;
        }
        for (const auto& each : own) {
            const SecretBytes fresh{each.size()};
            if (fresh.expose().data() == each.expose().data()) return 2;
        }
        return 0;
    };
    EXPECT_EQ(in_child(child), 0);
    // The same one generation later: what the child made is inherited in turn.
    EXPECT_EQ(in_child([&] {
                  inherited.emplace_back(32);
                  return in_child(child);
              }),
              0);
}

TEST(SecretMemory, ThatIsNotToBeHadIsAnException) {
    if (base::kSanitized) GTEST_SKIP() << "the sanitizers need memory of their own";
    EXPECT_EQ(in_child([] {
                  const SecretBytes one{1};
                  const rlimit none{0, 0};
                  setrlimit(RLIMIT_AS, &none);
                  std::array<SecretBytes, 4096> held;
                  try {
                      for (auto& each : held) each = SecretBytes{4096};
                  } catch (const std::bad_alloc&) {
                      return 7;
                  }
                  return 0;
              }),
              7);
}

TEST(SecretMemory, IsAbsentInAForkedChild) {
    const auto secret = SecretBytes::copy_of(base::as_bytes("not for children"));
    const auto* const address = secret.expose().data();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // write() from unmapped memory answers EFAULT instead of crashing: a probe without a signal.
        _exit(write(ends[1], address, 1) == 1 ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    close(ends[0]);
    close(ends[1]);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "the child could read the secret";
}

TEST(SecretMemory, ServesManyThreads) {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            std::vector<SecretBytes> held;
            for (std::size_t i = 0; i < 500; ++i) {
                SecretBytes secret{1 + (i * 37) % 3000};
                std::ranges::fill(secret.expose_mutable(), static_cast<std::byte>(t));
                held.push_back(std::move(secret));
                if (held.size() > 20) held.erase(held.begin());
                for (const auto& each : held) {
                    ASSERT_TRUE(
                        std::ranges::all_of(each.expose(), [t](auto b) { return b == static_cast<std::byte>(t); }));
                }
            }
        });
    }
}

TEST(EqualConstantTime, ComparesSizesAndContents) {
    EXPECT_TRUE(zcrypto::equal_constant_time({}, {}));
    EXPECT_TRUE(zcrypto::equal_constant_time(base::as_bytes("abc"), base::as_bytes("abc")));
    EXPECT_FALSE(zcrypto::equal_constant_time(base::as_bytes("abc"), base::as_bytes("abd")));
    EXPECT_FALSE(zcrypto::equal_constant_time(base::as_bytes("abc"), base::as_bytes("ab")));
}

TEST(SecureWipe, Zeroes) {
    auto bytes = base::to_bytes("secret");
    zcrypto::secure_wipe(bytes);
    EXPECT_TRUE(all_zero(bytes));
    zcrypto::secure_wipe({});
}

}  // namespace
