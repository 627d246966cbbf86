// ./ghost bench zcrypto: what the chain spends its time on, beside what people use today. One core, CPU time of the
// thread; the two-thread figures take wall time. A figure is the fastest of alternating runs on both sides.
#include <blake3.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "bench_report.hpp"
#include "ed25519_backend.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/blake3_tree.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/sha256_node.hpp"
#ifdef ZCRYPTO_WITH_PQ
#include "zcrypto/pq_ml_dsa.hpp"
#include "zcrypto/pq_ml_kem.hpp"
#endif

namespace {

namespace ed = zcrypto::ed25519;
namespace curve = zcrypto::curve;
using Nanoseconds = double;

const std::uint8_t* u8(const std::byte* bytes) { return reinterpret_cast<const std::uint8_t*>(bytes); }
std::uint8_t* u8(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

Nanoseconds now(clockid_t clock) {
    timespec at{};
    clock_gettime(clock, &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

/// Operations a second: calls of `call`, each `operations`, for about `seconds` in slices, of which the fastest counts.
template <typename Call>
double rate(double seconds, double operations, Call call, clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    constexpr double kSlice = 2e6;
    auto start = now(clock);
    call();
    const auto first = std::max(1.0, now(clock) - start);
    const auto calls = std::max(1, static_cast<int>(kSlice / first));
    double best = 0;
    const auto end = now(CLOCK_MONOTONIC) + seconds * 1e9;
    do {
        start = now(clock);
        for (int i = 0; i < calls; ++i) call();
        best = std::max(best, operations * calls * 1e9 / (now(clock) - start));
    } while (now(CLOCK_MONOTONIC) < end);
    return best;
}

class Suite {
 public:
    Suite(const benchkit::Options& options) : options_{options} {}

    /// `ours` and `theirs` give a rate each; higher is better. `only` of the options may leave it out.
    template <typename Ours, typename Theirs>
    void compare(const std::string& name, const std::string& unit, const std::string& peer, Ours ours, Theirs theirs) {
        if (!options_.wants(name)) return;
        benchkit::progress(name);
        const auto pair = benchkit::alternate(options_.runs_or(5), ours, theirs);
        const auto theirs_best = *std::ranges::max_element(pair.theirs);
        benchkit::Figure figure{.name = name, .value = *std::ranges::max_element(pair.ours), .unit = unit};
        if (theirs_best > 0) {
            figure.peer = peer;
            figure.peer_value = theirs_best;
        } else {
            report_.note(fmt::format("{}: NO PEER: {} could not be run", name, peer));
            fmt::print(stderr, "bench_zcrypto: {}: the peer {} could not be run; this figure has none\n", name, peer);
        }
        figure.runs = pair.ours;
        report_.add(std::move(figure));
    }

    [[nodiscard]] double seconds() const { return options_.seconds_or(0.2); }
    benchkit::Report& report() { return report_; }

 private:
    const benchkit::Options& options_;
    benchkit::Report report_{"zcrypto"};
};

/// Signatures of as many signers over messages of a transfer's size.
struct Signatures {
    static constexpr std::size_t kCount = 4096;

    Signatures() {
        base::SeededRandom random{1};
        for (std::size_t i = 0; i < kCount; ++i) {
            messages.push_back(base::Bytes(150));
            random.fill(messages.back());
        }
        for (const auto& message : messages) {
            const auto key = ed::SigningKey::generate(random);
            items.push_back({.key = key.public_key(), .message = message, .signature = key.sign(message)});
        }
    }
    /// The next `count` items, in turn.
    std::span<const ed::BatchItem> next(std::size_t count) {
        if (at_ + count > items.size()) at_ = 0;
        const auto out = std::span{items}.subspan(at_, count);
        at_ += count;
        return out;
    }

    std::vector<base::Bytes> messages;
    std::vector<ed::BatchItem> items;

 private:
    std::size_t at_ = 0;
};

void require(bool ok) {
    if (ok) return;
    fmt::print(stderr, "bench_zcrypto: a valid input was refused\n");
    std::exit(1);
}

void ed25519_figures(Suite& suite) {
    Signatures signatures;
    auto& random = base::system_random();
    const auto best = curve::operations().backend;
    const auto libsodium = [&] {
        return rate(suite.seconds(), 1, [&] {
            const auto& item = signatures.next(1)[0];
            require(crypto_sign_verify_detached(u8(item.signature.bytes.data()), u8(item.message.data()),
                                                item.message.size(), u8(item.key.bytes.data())) == 0);
        });
    };
    const auto single = [&](curve::Backend backend) {
        return [&, backend] {
            curve::force_backend(backend);
            return rate(suite.seconds(), 1, [&] {
                const auto& item = signatures.next(1)[0];
                require(ed::verify(item.key, item.message, item.signature));
            });
        };
    };
    const auto batch = [&](curve::Backend backend, std::size_t size) {
        return [&, backend, size] {
            curve::force_backend(backend);
            return rate(suite.seconds(), static_cast<double>(size),
                        [&] { require(ed::verify_batch(signatures.next(size), random)); });
        };
    };
    suite.report().note(fmt::format("simd is the back end {}", curve::name_of(best)));
    suite.compare("ed25519_verify_single_portable", "1/s", "libsodium", single(curve::Backend::portable), libsodium);
    suite.compare("ed25519_verify_single_simd", "1/s", "libsodium", single(best), libsodium);
    suite.compare("ed25519_verify_batch64_portable", "1/s", "libsodium", batch(curve::Backend::portable, 64),
                  libsodium);
    if (curve::operations_of(curve::Backend::avx2)) {
        suite.compare("ed25519_verify_batch64_avx2", "1/s", "libsodium", batch(curve::Backend::avx2, 64), libsodium);
    }
    for (const std::size_t size : {64, 16, 256, 1024}) {
        suite.compare(fmt::format("ed25519_verify_batch{}_simd", size), "1/s", "libsodium", batch(best, size),
                      libsodium);
    }
    ed::BatchVerifier two{2}, one{1};
    const auto threads = [&](ed::BatchVerifier& verifier) {
        return [&] {
            curve::force_backend(best);
            return rate(
                suite.seconds(), static_cast<double>(Signatures::kCount),
                [&] { require(verifier.verify(signatures.items, random)); }, CLOCK_MONOTONIC);
        };
    };
    suite.compare("ed25519_batch_two_threads", "1/s", "one-thread", threads(two), threads(one));
    curve::force_backend(best);
}

void hash_figures(Suite& suite) {
    base::SeededRandom random{2};
    base::Bytes mebibyte(1 << 20), big(16 << 20);
    random.fill(mebibyte);
    random.fill(big);
    const auto official = [&](const base::Bytes& message, clockid_t clock) {
        return [&message, clock, &suite] {
            return rate(
                suite.seconds(), static_cast<double>(message.size()) / 1e6,
                [&] {
                    blake3_hasher hasher;
                    base::Digest out;
                    blake3_hasher_init(&hasher);
                    blake3_hasher_update(&hasher, message.data(), message.size());
                    blake3_hasher_finalize(&hasher, u8(out.data()), out.size());
                },
                clock);
        };
    };
    suite.compare(
        "blake3_1mib", "MB/s", "blake3-official",
        [&] {
            return rate(suite.seconds(), static_cast<double>(mebibyte.size()) / 1e6,
                        [&] { (void)zcrypto::blake3(mebibyte); });
        },
        official(mebibyte, CLOCK_THREAD_CPUTIME_ID));
    zcrypto::Blake3Tree tree{2};
    suite.compare(
        "blake3_two_threads", "MB/s", "blake3-official",
        [&] {
            return rate(
                suite.seconds(), static_cast<double>(big.size()) / 1e6, [&] { (void)tree.hash(big); }, CLOCK_MONOTONIC);
        },
        official(big, CLOCK_MONOTONIC));

    constexpr std::size_t kNodes = 1024;
    base::Bytes children(64 * kNodes), nodes(32 * kNodes);
    random.fill(children);
    suite.compare(
        "sha256_node64", "1/s", "openssl-oneshot",
        [&] { return rate(suite.seconds(), kNodes, [&] { zcrypto::sha256_nodes(children, nodes); }); },
        [&] {
            return rate(suite.seconds(), kNodes, [&] {
                for (std::size_t i = 0; i < kNodes; ++i) {
                    SHA256(u8(children.data() + 64 * i), 64, u8(nodes.data() + 32 * i));
                }
            });
        });
}

void aead_figures(Suite& suite) {
    constexpr std::size_t kText = 16 * 1024;
    auto& random = base::system_random();
    const auto key = zcrypto::AeadKey::random(random);
    zcrypto::GcmNonce nonce{};
    base::Bytes text(kText), out(kText + 16);
    random.fill(text);
    zcrypto::Aes256Gcm gcm{key};
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    require(context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, u8(key.expose().data()), nullptr) == 1);
    const auto next_nonce = [&nonce] { base::store_le(nonce.data(), base::load_le<std::uint64_t>(nonce.data()) + 1); };
    suite.compare(
        "aes256gcm_16k", "MB/s", "openssl",
        [&] {
            return rate(suite.seconds(), kText / 1e6, [&] {
                next_nonce();
                require(gcm.seal_into({.nonce = nonce, .text = text}, out).has_value());
            });
        },
        [&] {
            return rate(suite.seconds(), kText / 1e6, [&] {
                next_nonce();
                int size = 0;
                require(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, u8(nonce.data())) == 1 &&
                        EVP_EncryptUpdate(context, u8(out.data()), &size, u8(text.data()), kText) == 1 &&
                        EVP_EncryptFinal_ex(context, u8(out.data() + kText), &size) == 1 &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, out.data() + kText) == 1);
            });
        });
    EVP_CIPHER_CTX_free(context);
}

/// One message under a key of its own, as callers of both libraries do it: the peer makes and frees its context.
void one_shot_figures(Suite& suite) {
    auto& random = base::system_random();
    const auto key = zcrypto::AeadKey::random(random);
    const zcrypto::GcmNonce nonce{};
    // Fetched once, which is the peer's fastest way.
    auto* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    for (const std::size_t size : {64, 1024, 16 * 1024}) {
        base::Bytes text(size), out(size + 16);
        random.fill(text);
        suite.compare(
            fmt::format("aes256gcm_oneshot_{}", size), "MB/s", "openssl",
            [&] {
                return rate(suite.seconds(), static_cast<double>(size) / 1e6, [&] {
                    require(zcrypto::aes256gcm_seal_into({.key = key, .nonce = nonce, .text = text}, out).has_value());
                });
            },
            [&] {
                return rate(suite.seconds(), static_cast<double>(size) / 1e6, [&] {
                    int done = 0;
                    auto* const context = EVP_CIPHER_CTX_new();
                    require(
                        EVP_EncryptInit_ex2(context, cipher, u8(key.expose().data()), u8(nonce.data()), nullptr) == 1 &&
                        EVP_EncryptUpdate(context, u8(out.data()), &done, u8(text.data()), static_cast<int>(size)) ==
                            1 &&
                        EVP_EncryptFinal_ex(context, u8(out.data() + size), &done) == 1 &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, out.data() + size) == 1);
                    EVP_CIPHER_CTX_free(context);
                });
            });
    }
    EVP_CIPHER_free(cipher);
}

void chacha_figures(Suite& suite) {
    auto& random = base::system_random();
    const auto key = zcrypto::AeadKey::random(random);
    const zcrypto::ChaChaNonce nonce{};
    const zcrypto::XChaChaNonce long_nonce{};
    for (const std::size_t size : {64, 512, 1024, 2048, 16 * 1024}) {
        const auto name = size == 16 * 1024 ? std::string{"16k"} : std::to_string(size);
        base::Bytes text(size), out(size + 16);
        random.fill(text);
        const auto measure = [&](auto call) {
            return [&, call] { return rate(suite.seconds(), static_cast<double>(size) / 1e6, call); };
        };
        suite.compare(
            "chacha20poly1305_" + name, "MB/s", "libsodium", measure([&] {
                require(
                    zcrypto::chacha20poly1305_seal_into({.key = key, .nonce = nonce, .text = text}, out).has_value());
            }),
            measure([&] {
                crypto_aead_chacha20poly1305_ietf_encrypt(u8(out.data()), nullptr, u8(text.data()), size, nullptr, 0,
                                                          nullptr, u8(nonce.data()), u8(key.expose().data()));
            }));
        suite.compare(
            "xchacha20poly1305_" + name, "MB/s", "libsodium", measure([&] {
                require(zcrypto::xchacha20poly1305_seal_into({.key = key, .nonce = long_nonce, .text = text}, out)
                            .has_value());
            }),
            measure([&] {
                crypto_aead_xchacha20poly1305_ietf_encrypt(u8(out.data()), nullptr, u8(text.data()), size, nullptr, 0,
                                                           nullptr, u8(long_nonce.data()), u8(key.expose().data()));
            }));
    }
}

#ifdef ZCRYPTO_WITH_PQ
/// A rate of OpenSSL 3.5 inside node 24, or 0. The script fetches node into the build folder, once.
double openssl35(const char* what, double seconds) {
    const auto command = fmt::format("sh '{}' '{}' {} '{}' {}", ZCRYPTO_NODE_SCRIPT, ZCRYPTO_NODE_FOLDER, what,
                                     ZCRYPTO_NODE_PEER, static_cast<int>(seconds * 1000));
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (!pipe) return 0;
    char line[64] = "";
    const auto nanoseconds = std::fgets(line, sizeof line, pipe) ? std::strtod(line, nullptr) : 0;
    return pclose(pipe) == 0 && nanoseconds > 0 ? 1e9 / nanoseconds : 0;
}

void post_quantum_figures(Suite& suite) {
    auto& random = base::system_random();
    const auto kem = zcrypto::ml_kem_768::PrivateKey::generate(random);
    const auto sent = zcrypto::ml_kem_768::encapsulate(kem.public_key(), random);
    require(sent.has_value());
    suite.compare(
        "mlkem768_decaps", "1/s", "openssl-3.5",
        [&] { return rate(suite.seconds(), 1, [&] { (void)kem.decapsulate(sent->ciphertext); }); },
        [&] { return openssl35("mlkem768_decaps", suite.seconds()); });
    const auto key = zcrypto::ml_dsa_65::PrivateKey::generate(random);
    const base::Bytes text(100, std::byte{7});
    const auto signature = key.sign({.text = text}, random);
    require(signature.has_value());
    suite.compare(
        "mldsa65_verify", "1/s", "openssl-3.5",
        [&] {
            return rate(suite.seconds(), 1,
                        [&] { require(zcrypto::ml_dsa_65::verify(key.public_key(), {.text = text}, *signature)); });
        },
        [&] { return openssl35("mldsa65_verify", suite.seconds()); });
}
#endif

}  // namespace

int main(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "zcrypto");
    require(sodium_init() >= 0);
    Suite suite{options};
    ed25519_figures(suite);
    hash_figures(suite);
    aead_figures(suite);
    one_shot_figures(suite);
    chacha_figures(suite);
#ifdef ZCRYPTO_WITH_PQ
    post_quantum_figures(suite);
#else
    suite.report().note("built without the post-quantum algorithms");
#endif
    return suite.report().finish(options);
}
