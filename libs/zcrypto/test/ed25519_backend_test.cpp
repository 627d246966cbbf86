// The back ends of Ed25519 verification against one another: fields, points, and verdicts one by one and in batches.
#include "ed25519_backend.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "ed25519_mixture.hpp"

namespace {

using namespace zcrypto::curve;
using zcrypto::test::Mixture;
namespace ed = zcrypto::ed25519;

constexpr std::uint64_t kSeed = 20261122;

/// What this processor runs. Says which back ends it cannot try.
std::vector<const Operations*> back_ends() {
    std::vector<const Operations*> out;
    for (const auto backend : kBackends) {
        if (const auto* const found = operations_of(backend)) {
            out.push_back(found);
        } else {
            std::printf("NOT TESTED: this processor cannot run the back end %s\n", name_of(backend).data());
        }
    }
    return out;
}

/// Puts the processor's own choice back at the end of a test that forces others.
class Restored {
 public:
    ~Restored() { force_backend(before_); }

 private:
    Backend before_ = operations().backend;
};

Fe limbs(u64 first, u64 others) { return {{first, others, others, others, others}}; }

/// 0, 1, p - 1, p, p + 1, 2^255 - 1, limbs at the bound of tight ones, and now and then random values.
Fe tight_value(base::Random& random) {
    constexpr u64 kTight = (u64{1} << 51) + (u64{1} << 13) - 1;
    const Fe edges[] = {kZero,
                        kOne,
                        limbs(kMask51 - 19, kMask51),
                        limbs(kMask51 - 18, kMask51),
                        limbs(kMask51 - 17, kMask51),
                        limbs(kMask51, kMask51),
                        limbs(kTight, kTight),
                        kSqrtMinus1};
    const auto pick = random.below(std::size(edges) + 4);
    if (pick < std::size(edges)) return edges[pick];
    base::FixedBytes<32> bytes;
    random.fill(bytes);
    if (random.below(3) == 0) std::fill_n(bytes.begin() + static_cast<long>(random.below(16)), 16, std::byte{0xff});
    return fe_from_bytes(bytes.data());
}

TEST(Ed25519Backends, AgreeOnTheFieldAtItsEdges) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    base::SeededRandom random{kSeed};
    const auto all = back_ends();
    for (int round = 0; round < 4000; ++round) {
        Fe a[kProbes], b[kProbes];
        for (auto& fe : a) fe = tight_value(random);
        for (auto& fe : b) fe = tight_value(random);
        const bool wide = round % 4 == 3;  // Limbs that only products take.
        if (wide) {
            for (auto* const values : {a, b}) {
                for (std::size_t i = 0; i < kProbes; ++i) {
                    for (auto& limb : values[i].limb) {
                        limb = random.below(2) ? (u64{1} << 52) - 1 : random.below(u64{1} << 52);
                    }
                }
            }
        }
        FieldProbe expected[kProbes];
        portable_operations().probe(a, b, expected);
        for (const auto* const one : all) {
            FieldProbe got[kProbes];
            one->probe(a, b, got);
            for (std::size_t i = 0; i < kProbes; ++i) {
                ASSERT_EQ(fe_to_bytes(got[i].product), fe_to_bytes(expected[i].product)) << name_of(one->backend);
                ASSERT_EQ(fe_to_bytes(got[i].square), fe_to_bytes(expected[i].square)) << name_of(one->backend);
                if (wide) continue;
                ASSERT_EQ(fe_to_bytes(got[i].sum), fe_to_bytes(expected[i].sum)) << name_of(one->backend);
                ASSERT_EQ(fe_to_bytes(got[i].difference), fe_to_bytes(expected[i].difference)) << name_of(one->backend);
            }
        }
    }
}

/// Encodings of points and of none, canonical or not.
base::FixedBytes<32> any_encoding(base::Random& random) {
    base::FixedBytes<32> out;
    random.fill(out);
    switch (random.below(6)) {
        case 0: std::fill(out.begin() + 1, out.end(), std::byte{0}); break;
        case 1: std::fill(out.begin() + 1, out.end(), std::byte{0xff}); break;
        case 2: out = fe_to_bytes(tight_value(random)); break;
        default: break;
    }
    if (random.below(4) == 0) out[31] ^= std::byte{0x80};
    return out;
}

TEST(Ed25519Backends, DecodeTheSamePointsInBatchesOfAnySize) {
    base::SeededRandom random{kSeed};
    const auto all = back_ends();
    std::size_t points = 0;
    for (std::size_t round = 0; round < 300; ++round) {
        const auto count = 1 + round % 40;
        std::vector<base::FixedBytes<32>> encodings(count);
        std::vector<const std::byte*> encoded;
        for (auto& encoding : encodings) {
            encoding = any_encoding(random);
            encoded.push_back(encoding.data());
        }
        for (const auto* const one : all) {
            std::vector<Extended> got(count);
            const auto ok = std::make_unique<bool[]>(count);
            one->decode(encoded.data(), count, got.data(), ok.get());
            for (std::size_t i = 0; i < count; ++i) {
                const auto expected = decompress(encoded[i]);
                ASSERT_EQ(ok[i], expected.has_value()) << name_of(one->backend) << ' ' << base::to_hex(encodings[i]);
                if (!expected) continue;
                ++points;
                ASSERT_EQ(compress(got[i]), compress(*expected)) << name_of(one->backend);
                ASSERT_EQ(fe_to_bytes(got[i].t), fe_to_bytes(expected->t));
            }
        }
    }
    EXPECT_GT(points, 3000u);
}

Scalar any_scalar(base::Random& random) {
    base::FixedBytes<64> wide;
    random.fill(wide);
    if (random.below(3) == 0) std::fill_n(wide.begin() + static_cast<long>(random.below(30)), 30, std::byte{0xff});
    const auto scalar = scalar_from_wide(wide.data());
    switch (random.below(8)) {
        case 0: return {};
        case 1: return scalar_from_u128(1);
        case 2: return negate(scalar_from_u128(1));
        case 3: return scalar_from_u128(~u128{0});
        case 4: return {{scalar.word[0] & 0xff, 0, 0, 0}};
        default: return scalar;
    }
}

/// Double and add, one bit at a time: slow and plain.
Extended times(const Extended& point, const Scalar& scalar) {
    auto out = kIdentity;
    for (unsigned bit = 256; bit-- > 0;) {
        out = to_extended(twice(to_projective(out)));
        if (scalar.word[bit / 64] >> (bit % 64) & 1) out = to_extended(sum<false>(out, to_cached(point)));
    }
    return out;
}

Extended any_point(base::Random& random) {
    for (;;) {
        if (const auto point = decompress(any_encoding(random).data())) return *point;
    }
}

TEST(Ed25519Backends, AddUpTheSameSumsAsDoubleAndAdd) {
    base::SeededRandom random{kSeed};
    const auto all = back_ends();
    const Extended base = *decompress(
        base::fixed_from_hex<32>("5866666666666666666666666666666666666666666666666666666666666666").value().data());
    Workspace workspace;
    for (std::size_t round = 0; round < 120; ++round) {
        std::vector<Term> terms(round % 10 == 9 ? 20 + random.below(40) : random.below(6));
        const auto base_scalar = any_scalar(random);
        auto expected = times(base, base_scalar);
        for (auto& term : terms) {
            term = {any_point(random), any_scalar(random)};
            expected = to_extended(sum<false>(expected, to_cached(times(term.point, term.scalar))));
        }
        for (const auto* const one : all) {
            const auto got = one->multi(terms.data(), terms.size(), base_scalar, workspace);
            ASSERT_EQ(compress(got), compress(expected)) << name_of(one->backend) << " round " << round;
            ASSERT_EQ(fe_to_bytes(mul(got.x, got.y)), fe_to_bytes(mul(got.z, got.t)));
        }
    }
}

TEST(Ed25519Backends, KnowWhetherASingleSumIsOfSmallOrder) {
    base::SeededRandom random{kSeed};
    const auto all = back_ends();
    const Extended base = *decompress(
        base::fixed_from_hex<32>("5866666666666666666666666666666666666666666666666666666666666666").value().data());
    const auto half_scalar = [&] {
        const auto s = any_scalar(random);
        return (static_cast<u128>(s.word[1]) << 64 | s.word[0]) >> 1;
    };
    for (int round = 0; round < 60; ++round) {
        // a = alpha B + small, r = rho B + small, so that base = -(u alpha + v rho) ends at small order.
        const auto alpha = any_scalar(random), rho = any_scalar(random);
        const auto u = half_scalar(), v = half_scalar();
        const auto small = [&] {
            const auto y = base::fixed_from_hex<32>("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
            return to_cached(times(*decompress(y.value().data()), scalar_from_u128(random.below(8))));
        };
        SingleSum in{.a = to_extended(sum<false>(times(base, alpha), small())),
                     .r = to_extended(sum<false>(times(base, rho), small())),
                     .a_scalar = u,
                     .r_scalar = v,
                     .base = negate(add(mul(scalar_from_u128(u), alpha), mul(scalar_from_u128(v), rho)))};
        for (const auto* const one : all) ASSERT_TRUE(one->single(in)) << name_of(one->backend);
        in.base = add(in.base, scalar_from_u128(1));
        for (const auto* const one : all) ASSERT_FALSE(one->single(in)) << name_of(one->backend);
    }
}

TEST(Ed25519Backends, CanBeForced) {
    const Restored restored;
    for (const auto backend : kBackends) {
        const auto before = operations().backend;
        if (operations_of(backend)) {
            EXPECT_TRUE(force_backend(backend));
            EXPECT_EQ(operations().backend, backend);
        } else {
            EXPECT_FALSE(force_backend(backend));
            EXPECT_EQ(operations().backend, before);
        }
    }
}

TEST(Ed25519Backends, GiveOneVerdictInBatchesAndAloneToAHundredThousandItems) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    constexpr std::size_t kPool = 6000, kItems = 40'000;
    const Restored restored;
    // A pool of items and their verdicts; batches draw from it. Half the batches have few signers.
    Mixture many{kSeed, 300}, few{kSeed + 1, 3};
    std::vector<ed::BatchItem> pools[2];
    std::vector<bool> verdicts[2];
    std::size_t checked = 0, valid = 0;
    for (const auto* const one : back_ends()) {
        ASSERT_TRUE(force_backend(one->backend));
        for (std::size_t p = 0; p < 2; ++p) {
            auto& mixture = p == 0 ? many : few;
            auto& pool = pools[p];
            while (pool.size() < kPool / 2) pool.push_back(mixture.random().below(2) ? mixture.any() : mixture.valid());
            std::vector<bool> singles;
            for (const auto& item : pool) singles.push_back(ed::verify(item.key, item.message, item.signature));
            if (verdicts[p].empty()) verdicts[p] = singles;
            ASSERT_EQ(singles, verdicts[p]) << name_of(one->backend);
            checked += pool.size();
        }
        for (std::size_t done = 0; done < kItems;) {
            const auto p = many.random().below(2);
            const auto size = 1 + many.random().below(many.random().below(8) == 0 ? 600 : 140);
            const auto odds = many.random().below(40);  // Of items of any kind; 0: none but valid ones.
            std::vector<ed::BatchItem> items;
            std::vector<bool> expected;
            while (items.size() < size) {
                const auto at = many.random().below(pools[p].size());
                if (!verdicts[p][at] && many.random().below(40) >= odds) continue;
                items.push_back(pools[p][at]);
                expected.push_back(verdicts[p][at]);
                valid += verdicts[p][at];
            }
            ASSERT_EQ(ed::verify_batch_each(items, many.random()), expected) << name_of(one->backend);
            const bool all = std::ranges::find(expected, false) == expected.end();
            ASSERT_EQ(ed::verify_batch(items, many.random()), all) << name_of(one->backend);
            done += size;
            checked += size;
        }
    }
    std::printf("%zu items, %zu of those in batches valid\n", checked, valid);
}

TEST(Ed25519Backends, FindOneBadSignatureInAHundredThousandAtEveryKindOfPosition) {
    constexpr std::size_t kItems = 100'000;
    Mixture mixture{kSeed, 20};
    std::vector<ed::BatchItem> pool, items;
    for (int i = 0; i < 1000; ++i) pool.push_back(mixture.valid());
    while (items.size() < kItems) items.push_back(pool[items.size() % pool.size()]);
    ed::BatchVerifier threads{2};
    EXPECT_TRUE(threads.verify(items, mixture.random()));
    for (const std::size_t bad : {std::size_t{0}, kItems - 1, kItems / 2, std::size_t{127}, std::size_t{128}}) {
        const auto good = items[bad].signature;
        items[bad].signature.bytes[40] ^= std::byte{1};
        EXPECT_FALSE(threads.verify(items, mixture.random())) << bad;
        if (bad == 0 || bad == kItems - 1) {
            const auto each = threads.verify_each(items, mixture.random());
            ASSERT_EQ(each.size(), kItems);
            EXPECT_EQ(std::ranges::find(each, false) - each.begin(), static_cast<std::ptrdiff_t>(bad));
            EXPECT_EQ(std::ranges::count(each, false), 1) << bad;
        }
        if (bad == kItems - 1) {
            EXPECT_FALSE(ed::verify_batch(items, mixture.random()));
        }
        items[bad].signature = good;
    }
}

TEST(BatchVerifier, AgreesWithOneThreadForAnyNumberOfThreads) {
    Mixture mixture{kSeed};
    for (const unsigned count : {0u, 1u, 2u, 3u, 8u}) {
        ed::BatchVerifier threads{count};
        EXPECT_GE(threads.threads(), 1u);
        EXPECT_LE(threads.threads(), std::max(1u, count));
        EXPECT_TRUE(threads.verify({}, mixture.random()));
        EXPECT_TRUE(threads.verify_each({}, mixture.random()).empty());
        for (const std::size_t size : {1u, 2u, 31u, 33u, 64u, 300u, 700u}) {
            std::vector<ed::BatchItem> items(size);
            for (auto& item : items) item = mixture.random().below(20) == 0 ? mixture.any() : mixture.valid();
            EXPECT_EQ(threads.verify_each(items, mixture.random()), ed::verify_batch_each(items, mixture.random()));
            EXPECT_EQ(threads.verify(items, mixture.random()), ed::verify_batch(items, mixture.random()));
        }
    }
}

TEST(BatchVerifier, ServesSeveralCallersInTurn) {
    Mixture mixture{kSeed};
    std::vector<ed::BatchItem> items(200);
    for (auto& item : items) item = mixture.valid();
    auto broken = items;
    broken[150].signature.bytes[40] ^= std::byte{1};
    ed::BatchVerifier threads{2};
    std::vector<std::jthread> callers;
    std::atomic<int> wrong = 0;
    for (int caller = 0; caller < 3; ++caller) {
        callers.emplace_back([&, caller] {
            base::SeededRandom random{static_cast<std::uint64_t>(caller)};
            for (int i = 0; i < 20; ++i) {
                wrong += !threads.verify(items, random);
                wrong += threads.verify(broken, random);
            }
        });
    }
    callers.clear();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
