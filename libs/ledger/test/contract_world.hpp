#pragma once
// A world with contracts: blocks of one transaction, and programs for the probe contract (contracts/probe.c).

#include <fstream>
#include <iterator>

#include "ledger/codec.hpp"
#include "ledger/contracts.hpp"
#include "test_world.hpp"

namespace ledger::test {

inline base::Bytes bytes_of(std::string_view text) { return base::to_bytes(base::as_bytes(text)); }
inline std::string text_of(base::ByteView bytes) { return std::string{base::as_text(bytes)}; }

/// The compiled probe.
inline const base::Bytes& probe() {
    static const auto code = [] {
        std::ifstream file{LEDGER_PROBE, std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        EXPECT_FALSE(text.empty()) << LEDGER_PROBE;
        return bytes_of(text);
    }();
    return code;
}

/// What the probe shall do, step by step.
class Steps {
 public:
    Steps& set(std::string_view key, std::string_view value) {
        return op('S').sized(key).number(value.size()).raw(value);
    }
    Steps& get(std::string_view key) { return op('G').sized(key); }
    Steps& del(std::string_view key) { return op('D').sized(key); }
    Steps& emit(const Hash& topic, std::string_view data) { return op('E').raw(base::as_text(topic)).sized(data); }
    Steps& call(const Address& to, const Steps& input, Amount amount = 0, bool reentry = false) {
        return op('C').address(to).amount(amount).op(reentry ? 1 : 0).long_text(input.text_);
    }
    Steps& returned() { return op('Y'); }
    Steps& transfer(const Address& to, const AssetId& asset, Amount amount) {
        return op('T').address(to).raw(base::as_text(asset.bytes)).amount(amount);
    }
    Steps& balance(const Address& of, const AssetId& asset) {
        return op('B').address(of).raw(base::as_text(asset.bytes));
    }
    Steps& create(const Hash& code, const Hash& salt, const Steps& input) {
        return op('N').raw(base::as_text(code)).raw(base::as_text(salt)).long_text(input.text_);
    }
    Steps& upgrade(const Hash& code) { return op('U').raw(base::as_text(code)); }
    Steps& who() { return op('W'); }
    Steps& not_payable() { return op('P'); }
    Steps& revert(std::string_view data) { return op('R').long_text(std::string{data}); }
    Steps& trap() { return op('X'); }
    Steps& loop() { return op('L'); }
    Steps& recurse() { return op('O'); }
    Steps& flood(std::uint32_t slots) { return op('F').number(slots); }
    Steps& events(std::uint32_t count, std::uint32_t size) { return op('M').number(count).number(size); }
    Steps& dive(bool reentry) { return op('Z').op(reentry ? 1 : 0); }
    Steps& raw(std::string_view bytes) {
        text_ += bytes;
        return *this;
    }
    Steps& op(char value) { return raw({&value, 1}); }
    [[nodiscard]] base::Bytes bytes() const { return bytes_of(text_); }

 private:
    Steps& sized(std::string_view bytes) { return op(static_cast<char>(bytes.size())).raw(bytes); }
    Steps& long_text(const std::string& bytes) { return number(bytes.size()).raw(bytes); }
    Steps& address(const Address& value) { return raw(base::as_text(value.bytes)); }
    Steps& number(std::size_t value) {
        for (int i = 0; i < 4; ++i) op(static_cast<char>(value >> (8 * i)));
        return *this;
    }
    Steps& amount(Amount value) { return raw(base::as_text(encode_amount(value))); }
    std::string text_;
};

inline Hash topic(std::uint8_t fill) {
    Hash out;
    out.fill(static_cast<std::byte>(fill));
    return out;
}

/// Runs blocks of one transaction each on its state.
class ContractWorld : public World {
 public:
    static constexpr std::uint64_t kRoom = 50'000'000;  ///< Gas for contracts.

    using World::World;

    Receipt run(const User& user, std::vector<Msg> msgs, std::uint64_t room = kRoom) {
        auto body = tx(user, nonces[user.address]++, std::move(msgs));
        body.gas_limit += room;
        const std::vector txs{verified(user, std::move(body))};
        const auto before = supply_difference();
        auto result = execute_block(state, context_now(), txs, OnInvalid::refuse_block, &engine);
        EXPECT_TRUE(result) << base::to_string(result.error());
        if (!result) return {};
        state.apply(result->writes);
        EXPECT_EQ(before, 0u);
        EXPECT_EQ(supply_difference(), 0u) << "coins were made or lost";
        EXPECT_EQ(decode_receipt(encode(result->receipts[0])), result->receipts[0]);
        return result->receipts[0];
    }
    Receipt call(const Address& contract, const Steps& steps, Amount value = 0, std::uint64_t room = kRoom) {
        return run(users[0], {ContractCall{.contract = contract, .input = steps.bytes(), .value = value}}, room);
    }
    Address deploy(const base::Bytes& code, const Steps& steps = {}, Amount value = 0, std::uint8_t salt = 0) {
        const auto receipt =
            run(users[0], {ContractDeploy{.code = code, .input = steps.bytes(), .value = value, .salt = topic(salt)}});
        EXPECT_EQ(receipt.status, ExecStatus::success) << describe(receipt.status);
        return contract_address(users[0].address, topic(salt), code_hash(code));
    }
    [[nodiscard]] BlockContext context_now() {
        auto out = context(++height);
        out.time_ms = genesis.time_ms + height + skipped_ms;
        return out;
    }
    [[nodiscard]] std::optional<std::string> slot(const Address& contract, std::string_view key) const {
        const auto found = state.read(slot_key(contract, base::as_bytes(key)));
        return *found ? std::optional{text_of(**found)} : std::nullopt;
    }
    [[nodiscard]] Amount balance(const Address& of, const AssetId& asset = kGcc) const {
        Overlay overlay{state};
        return *overlay.balance(of, asset);
    }
    /// GCC that balances and supply disagree by.
    [[nodiscard]] Amount supply_difference() const {
        Amount held = 0;
        for (const auto& [key, value] : state.records) {
            if (key.starts_with("b/") && key.ends_with(std::string(32, '\0'))) held += *decode_amount(value);
        }
        Overlay overlay{state};
        return held - (*overlay.asset(kGcc))->supply;
    }

    std::map<Address, std::uint64_t> nonces;
    std::uint64_t height = 0;
    std::uint64_t skipped_ms = 0;
    ContractEngine engine;
};

}  // namespace ledger::test
