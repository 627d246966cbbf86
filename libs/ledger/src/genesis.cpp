#include "ledger/genesis.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bcs.hpp"
#include "gcrypt/hash.hpp"

namespace ledger {
namespace {

constexpr std::size_t kValidatorNameBytesMax = 64;
constexpr std::size_t kAllocationsPerPiece = 1024;
// Bounds that keep the arithmetic of fees far from its limits.
constexpr std::uint64_t kBlockGasMax = 1'000'000'000'000U;
constexpr std::uint64_t kRatioMax = 1'000U;
constexpr std::uint32_t kTxGasDivisorMax = 16;
const Amount kBaseFeeMax = kAgccPerGcc * 1'000'000U;

std::unexpected<base::Diagnostic> refuse(std::string text) { return base::explain(Errc::bad_genesis, std::move(text)); }

bool is_chain_id(std::string_view text) noexcept {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= kChainIdBytesMax && std::all_of(text.begin(), text.end(), allowed);
}

base::Checked<void> check_rules(const Params& params) {
    const auto* rules = find_rules(params.rules_version);
    if (!rules) {
        return refuse(fmt::format("genesis: params.rules_version is {}; this program knows {} to {}",
                                  params.rules_version, kRulesFirst, kRulesLatest));
    }
    if (rules->caps_tx_gas && (params.tx_gas_divisor == 0 || params.tx_gas_divisor > kTxGasDivisorMax)) {
        return refuse(fmt::format("genesis: params.tx_gas_divisor is {}; it must be 1 to {}", params.tx_gas_divisor,
                                  kTxGasDivisorMax));
    }
    return {};
}

base::Checked<void> check_params(const Params& params) {
    GC_CHECK(check_rules(params));
    if (params.block_gas_limit < 1'000'000 || params.block_gas_limit > kBlockGasMax) {
        return refuse(fmt::format("genesis: params.block_gas_limit is {}; it must be 1000000 to {}",
                                  params.block_gas_limit, kBlockGasMax));
    }
    if (params.elasticity == 0 || params.elasticity > kRatioMax) {
        return refuse(
            fmt::format("genesis: params.elasticity is {}; it must be 1 to {}", params.elasticity, kRatioMax));
    }
    if (params.base_fee_denominator == 0 || params.base_fee_denominator > kRatioMax) {
        return refuse(fmt::format("genesis: params.base_fee_denominator is {}; it must be 1 to {}",
                                  params.base_fee_denominator, kRatioMax));
    }
    if (params.base_fee_floor == 0 || params.base_fee_floor > kBaseFeeMax) {
        return refuse(fmt::format("genesis: params.base_fee_floor is {}; it must be 1 to {} agcc",
                                  base::to_string(params.base_fee_floor), base::to_string(kBaseFeeMax)));
    }
    if (params.base_fee_initial < params.base_fee_floor || params.base_fee_initial > kBaseFeeMax) {
        return refuse(fmt::format("genesis: params.base_fee_initial is {}; it must be from base_fee_floor to {} agcc",
                                  base::to_string(params.base_fee_initial), base::to_string(kBaseFeeMax)));
    }
    if (params.contract_upgrade_delay_ms > kUpgradeDelayMaxMs) {
        return refuse(fmt::format("genesis: params.contract_upgrade_delay_ms is {}; it must be at most {}",
                                  params.contract_upgrade_delay_ms, kUpgradeDelayMaxMs));
    }
    return {};
}

base::Checked<void> check_allocations(const std::vector<Allocation>& allocations) {
    if (allocations.size() > kGenesisAllocationsMax) {
        return refuse(fmt::format("genesis: {} allocations; at most {}", allocations.size(), kGenesisAllocationsMax));
    }
    Amount sum = 0;
    for (std::size_t i = 0; i < allocations.size(); ++i) {
        const auto& allocation = allocations[i];
        const auto name = [&] { return allocation.address.to_text(); };
        if (allocation.amount == 0) return refuse(fmt::format("genesis: the allocation of {} is zero", name()));
        if (i > 0 && allocations[i - 1].address == allocation.address) {
            return refuse(fmt::format("genesis: {} has two allocations", name()));
        }
        if (i > 0 && allocations[i - 1].address > allocation.address) {
            return refuse(fmt::format("genesis: allocations are not sorted by address bytes (at {})", name()));
        }
        const auto next = base::checked_add(sum, allocation.amount);
        if (!next) return refuse(fmt::format("genesis: the allocations exceed 2^128-1 agcc (at {})", name()));
        sum = *next;
    }
    return {};
}

base::Checked<void> check_validators(const std::vector<GenesisValidator>& validators) {
    if (validators.empty()) return refuse("genesis: validators is empty; a chain needs at least one");
    if (validators.size() > kGenesisValidatorsMax) {
        return refuse(fmt::format("genesis: {} validators; at most {}", validators.size(), kGenesisValidatorsMax));
    }
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < validators.size(); ++i) {
        const auto& validator = validators[i];
        if (validator.name.size() > kValidatorNameBytesMax) {
            return refuse(fmt::format("genesis: validators[{}].name has {} bytes; at most {}", i, validator.name.size(),
                                      kValidatorNameBytesMax));
        }
        if (validator.stake == 0) return refuse(fmt::format("genesis: validators[{}].stake is zero", i));
        if (__builtin_add_overflow(total, validator.stake, &total)) {
            return refuse(fmt::format("genesis: the stakes exceed 2^64-1 (at validators[{}])", i));
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (validators[k].public_key == validator.public_key) {
                return refuse(fmt::format("genesis: validators[{}] and validators[{}] have the same key", k, i));
            }
        }
    }
    return {};
}

void write_validators(base::BcsWriter& out, const std::vector<GenesisValidator>& validators) {
    out.uleb(static_cast<std::uint32_t>(validators.size()));
    for (const auto& validator : validators) {
        out.string(validator.name);
        out.fixed(validator.public_key);
        out.fixed(validator.address.bytes);
        out.u64(validator.stake);
    }
}

}  // namespace

base::Checked<void> validate(const Genesis& genesis) {
    if (!is_chain_id(genesis.chain_id)) {
        return refuse(fmt::format("genesis: chain_id is \"{}\"; it must be 1 to {} of a-z, 0-9 and hyphen",
                                  genesis.chain_id.substr(0, 2 * kChainIdBytesMax), kChainIdBytesMax));
    }
    if (genesis.time_ms > kTimeMsMax) {
        return refuse(fmt::format("genesis: time_ms is {}; it must be at most {}", genesis.time_ms, kTimeMsMax));
    }
    GC_CHECK(check_params(genesis.params));
    GC_CHECK(check_allocations(genesis.allocations));
    GC_CHECK(check_validators(genesis.validators));
    if (genesis.faucet) {
        const auto& all = genesis.allocations;
        const auto funded =
            std::any_of(all.begin(), all.end(), [&](const auto& a) { return a.address == *genesis.faucet; });
        if (!funded) {
            return refuse(
                fmt::format("genesis: the faucet {} has no allocation to pay from", genesis.faucet->to_text()));
        }
    }
    return {};
}

namespace {

/// The encoding in pieces of bounded size.
template <typename Piece>
void encode_pieces(const Genesis& genesis, Piece piece) {
    base::BcsWriter out;
    const auto cut = [&] { piece(std::exchange(out, {}).take()); };
    out.string(genesis.chain_id);
    out.u64(genesis.time_ms);
    out.u64(genesis.params.block_gas_limit);
    out.u32(genesis.params.elasticity);
    out.u32(genesis.params.base_fee_denominator);
    out.u128(genesis.params.base_fee_floor);
    out.u128(genesis.params.base_fee_initial);
    out.u64(genesis.params.contract_upgrade_delay_ms);
    out.uleb(static_cast<std::uint32_t>(genesis.allocations.size()));
    for (std::size_t i = 0; i < genesis.allocations.size(); ++i) {
        out.fixed(genesis.allocations[i].address.bytes);
        out.u128(genesis.allocations[i].amount);
        if (i % kAllocationsPerPiece == 0) cut();
    }
    write_validators(out, genesis.validators);
    out.boolean(genesis.faucet.has_value());
    if (genesis.faucet) out.fixed(genesis.faucet->bytes);
    if (genesis.params.rules_version > kRulesFirst) {  // The first version had no more: its chains keep their hash.
        out.u32(genesis.params.rules_version);
        out.u32(genesis.params.tx_gas_divisor);
    }
    cut();
}

}  // namespace

base::Bytes encode(const Genesis& genesis) {
    base::Bytes out;
    encode_pieces(genesis, [&out](const base::Bytes& piece) { out.insert(out.end(), piece.begin(), piece.end()); });
    return out;
}

Hash genesis_hash(const Genesis& genesis) {
    auto hasher = gcrypt::hasher(gcrypt::Domain::genesis);
    encode_pieces(genesis, [&hasher](const base::Bytes& piece) { hasher.update(piece); });
    return hasher.finish();
}

Hash valset_hash(const Genesis& genesis) {
    base::BcsWriter out;
    write_validators(out, genesis.validators);
    return gcrypt::hash(gcrypt::Domain::valset, out.view());
}

Amount total_supply(const Genesis& genesis) {
    Amount sum = 0;
    for (const auto& allocation : genesis.allocations) sum += allocation.amount;
    return sum;
}

}  // namespace ledger
