#include "ledger/codec.hpp"

#include <gtest/gtest.h>

#include "ledger/execute.hpp"
#include "test_world.hpp"

namespace ledger {
namespace {

using test::World;

const Address kTo{base::Digest{std::byte{7}}};
const AssetId kAsset{base::Digest{std::byte{9}}};

std::vector<Msg> every_message() {
    BatchTransfer batch;
    for (std::size_t i = 0; i < kBatchTransfersMax; ++i) batch.transfers.push_back({kTo, kAsset, i + 1});
    return {Transfer{kTo, kGcc, 5},
            batch,
            AssetCreate{"ABC1", 6, true, 1000},
            AssetMint{kAsset, kTo, 3},
            AssetBurn{kAsset, ~Amount{0}},
            ContractDeploy{base::Bytes(300), base::Bytes(2), 7, Hash{std::byte{4}}},
            ContractCall{kTo, base::Bytes(200), 8},
            ContractUpgrade{kTo, Hash{std::byte{5}}, base::Bytes(3)}};
}

SignedTx sample() {
    const World world;
    auto tx = world.tx(world.users[0], 3, every_message());
    tx.memo = "grüße";
    return world.sign(world.users[0], tx);
}

BlockHeader sample_header() {
    BlockHeader header;
    header.chain_id = "ghost-test-1";
    header.epoch = 1;
    header.height = 2;
    header.slot = 3;
    header.time_ms = 4;
    header.gas_used = 5;
    header.base_fee = ~Amount{0};
    header.parent[0] = std::byte{1};
    header.parent_cert_hash[31] = std::byte{2};
    return header;
}

TEST(Codec, RoundTripsEveryKindOfValue) {
    const auto tx = sample();
    EXPECT_EQ(*decode_signed_tx(encode(tx)), tx);
    EXPECT_EQ(*decode_tx(encode(tx.tx)), tx.tx);
    EXPECT_EQ(encoded_size(tx), encode(tx).size());
    const auto header = sample_header();
    EXPECT_EQ(*decode_header(encode(header)), header);
    const Block block{header, {tx, tx}};
    EXPECT_EQ(*decode_block(encode(block)), block);
    const auto raw = encode(tx);
    const base::ByteView views[] = {raw, raw};
    EXPECT_EQ(encode_block(header, views), encode(block));
    const Receipt receipt{
        .status = ExecStatus::success,
        .gas_used = 9,
        .fee = 10,
        .events = {TransferEvent{kTo, kTo, kGcc, 1}, AssetCreatedEvent{kAsset, kTo, "ABC", 2, true, 3},
                   AssetMintedEvent{kAsset, kTo, 4}, AssetBurnedEvent{kAsset, kTo, 5},
                   ContractEvent{kTo, {Hash{std::byte{1}}, Hash{}}, base::Bytes(5)},
                   ContractDeployedEvent{kTo, kTo, {}}, ContractUpgradeEvent{kTo, {}, 6}},
        .output = base::Bytes(7)};
    EXPECT_EQ(*decode_receipt(encode(receipt)), receipt);
}

TEST(Codec, HasTheDocumentedLayout) {
    // Field by field, so that a change of the format cannot pass unnoticed.
    Tx tx;
    tx.genesis_hash.fill(std::byte{0x11});
    tx.sender.bytes.fill(std::byte{0x22});
    tx.nonce = 1;
    tx.valid_until_height = 2;
    tx.gas_limit = 26'000;
    tx.max_fee_per_gas = 3;
    tx.tip_per_gas = 1;
    Transfer transfer{.to = {}, .asset = {}, .amount = 258};
    transfer.to.bytes.fill(std::byte{0x33});
    tx.msgs = {transfer};
    tx.memo = "hi";
    const std::string expected = "0100" + std::string(64, '1') + std::string(64, '2') + "0100000000000000" +
                                 "0200000000000000" + "9065000000000000" + "03" + std::string(30, '0') + "01" +
                                 std::string(30, '0') + "01" + "00" + std::string(64, '3') + std::string(64, '0') +
                                 "0201" + std::string(28, '0') + "02" + "6869";
    EXPECT_EQ(base::to_hex(encode(tx)), expected);
    SignedTx signed_tx{tx, {}};
    signed_tx.auth.public_key.fill(std::byte{0x44});
    signed_tx.auth.signature.fill(std::byte{0x55});
    EXPECT_EQ(base::to_hex(encode(signed_tx)), expected + "00" + std::string(64, '4') + std::string(128, '5'));
}

TEST(Codec, RefusesEveryPrefixAndEveryExtraByte) {
    const World world;
    const auto bytes = encode(world.sign(world.users[0], world.pay(world.users[0], 0, kTo, 5)));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto decoded = decode_signed_tx(base::ByteView{bytes}.first(size));
        ASSERT_FALSE(decoded.has_value());
        EXPECT_TRUE(decoded.error().is(base::Errc::truncated)) << size << ' ' << base::to_string(decoded.error());
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_TRUE(decode_signed_tx(longer).error().is(base::Errc::trailing_bytes));
}

TEST(Codec, NamesWhatIsWrongWithMalformedTransactions) {
    const World world;
    const auto bytes = encode(world.sign(world.users[0], world.pay(world.users[0], 0, kTo, 5)));
    const auto changed = [&bytes](std::size_t at, std::vector<unsigned> values) {
        auto out = bytes;
        for (std::size_t i = 0; i < values.size(); ++i) out[at + i] = static_cast<std::byte>(values[i]);
        return decode_signed_tx(out);
    };
    constexpr std::size_t kMsgCount = 2 + 32 + 32 + 24 + 32;
    constexpr std::size_t kTag = kMsgCount + 1;
    constexpr std::size_t kMemo = kTag + 1 + 80;
    constexpr std::size_t kScheme = kMemo + 1;
    EXPECT_TRUE(changed(0, {2}).error().is(Errc::bad_version));
    EXPECT_TRUE(changed(kMsgCount, {9}).error().is(base::Errc::out_of_range));
    for (unsigned tag = 8; tag <= kMsgTagLast; ++tag) {
        EXPECT_TRUE(changed(kTag, {tag}).error().is(Errc::unsupported_message)) << tag;
    }
    EXPECT_TRUE(changed(kTag, {kMsgTagLast + 1}).error().is(Errc::unknown_message));
    EXPECT_TRUE(changed(kTag, {0x80, 0x00}).error().is(base::Errc::not_canonical));
    EXPECT_TRUE(changed(kScheme, {1}).error().is(Errc::unsupported_scheme));
    EXPECT_TRUE(changed(kScheme, {2}).error().is(Errc::unsupported_scheme));
    EXPECT_TRUE(changed(kScheme, {3}).error().is(Errc::unsupported_scheme));
    EXPECT_FALSE(changed(kMemo, {1}).has_value());
    EXPECT_TRUE(decode_signed_tx({}).error().is(base::Errc::truncated));
}

TEST(Codec, RefusesOversizedInputBeforeReadingIt) {
    EXPECT_TRUE(decode_signed_tx(base::Bytes(kCodeTxBytesMax + 1)).error().is(Errc::too_large));
    EXPECT_TRUE(decode_tx(base::Bytes(kCodeTxBytesMax + 1)).error().is(Errc::too_large));
    EXPECT_TRUE(decode_header(base::Bytes(kHeaderBytesMax + 1)).error().is(Errc::too_large));
    EXPECT_TRUE(decode_block(base::Bytes(kBlockBytesMax + 1)).error().is(Errc::too_large));
}

TEST(Codec, OnlyTransactionsThatBringCodeMayBeLong) {
    const World world;
    const ContractCall call{kTo, base::Bytes(kContractInputMax), 0};
    const auto& user = world.users[0];
    const auto calls = world.sign(user, world.tx(user, 0, {call, call}));
    EXPECT_GT(encoded_size(calls), kTxBytesMax);
    EXPECT_TRUE(decode_signed_tx(encode(calls)).error().is(Errc::too_large));
    EXPECT_TRUE(decode_tx(encode(calls.tx)).error().is(Errc::too_large));
    const ContractDeploy deploy{base::Bytes(kCodeBytesMax), base::Bytes(kContractInputMax), 0, {}};
    const auto whole = world.sign(user, world.tx(user, 0, {deploy, call}));
    EXPECT_EQ(*decode_signed_tx(encode(whole)), whole);
    EXPECT_TRUE(check_form(whole, world.binding.genesis_hash));
    EXPECT_TRUE(check_form(calls, world.binding.genesis_hash).error().is(Errc::too_large));
    const auto longer = ContractDeploy{base::Bytes(kCodeBytesMax + 1), {}, 0, {}};
    EXPECT_FALSE(decode_signed_tx(encode(world.sign(user, world.tx(user, 0, {longer})))));
    const auto other = ContractUpgrade{kTo, {}, base::Bytes(1)};  // Code that has another hash than it says.
    EXPECT_TRUE(check_form(world.sign(user, world.tx(user, 0, {other})), world.binding.genesis_hash)
                    .error()
                    .is(Errc::malformed));
}

TEST(Codec, RefusesAListThatCannotFitIntoItsInput) {
    auto bytes = encode(Block{sample_header(), {}});
    bytes.back() = std::byte{0xff};
    bytes.push_back(std::byte{0x7f});  // 16,383 transactions, no byte of them
    EXPECT_TRUE(decode_block(bytes).error().is(base::Errc::truncated));
}

TEST(Ids, LeaveTheSignatureOutOfATransactionsId) {
    auto tx = sample();
    const auto id = tx_id(tx.tx);
    tx.auth.signature[0] ^= std::byte{1};
    EXPECT_EQ(tx_id(decode_signed_tx(encode(tx))->tx), id);
    tx.tx.nonce += 1;
    EXPECT_NE(tx_id(tx.tx), id);
}

TEST(Ids, AreApartByPurpose) {
    const auto header = sample_header();
    EXPECT_NE(block_hash(header), tx_id_of_encoded(encode(header)));
    EXPECT_EQ(certificate_hash({}), Hash{});
    EXPECT_NE(certificate_hash(base::as_bytes("x")), Hash{});
    EXPECT_NE(asset_id(kTo, "ABC", 1), asset_id(kTo, "ABC", 2));
    EXPECT_NE(asset_id(kTo, "ABC", 1), asset_id(kTo, "ABD", 1));
}

TEST(Ids, OfListsDependOnContentAndOrder) {
    const base::Bytes a{std::byte{1}};
    const base::Bytes b{std::byte{2}};
    const base::ByteView ab[] = {a, b};
    const base::ByteView ba[] = {b, a};
    EXPECT_NE(tx_root(ab), tx_root(ba));
    EXPECT_NE(tx_root(ab), receipts_root(ab));
    EXPECT_EQ(tx_root({}), receipts_root({}));
}

}  // namespace
}  // namespace ledger
