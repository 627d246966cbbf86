// enoc and ghostd are the same chain: what happens to one genesis in either of them ends in the same gas, events and
// roots.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/bcs.hpp"
#include "base/file.hpp"
#include "enoc/home.hpp"
#include "enoc/network.hpp"
#include "ghostd/key_file.hpp"
#include "ghostd/methods.hpp"
#include "ghostd/node.hpp"
#include "ledger/codec.hpp"
#include "ledger/execute.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "zcrypto/hash.hpp"

namespace {

namespace methods = ghostd::methods;
namespace v1 = ghost::chain::v1;
/// Longer than any of this takes on a machine that is busy with other things.
constexpr int kPolls = 6000;
const rpc::CallOptions kCall{.timeout_ns = 60'000'000'000};

/// Sends its transactions one after the other, each when the one before is final.
class Author {
 public:
    explicit Author(const zcrypto::ed25519::SigningKey& key) : key_{key} {}

    /// What a person can see of a deployment, three calls and the state after them.
    std::string story(rpc::BlockingClient& node) {
        const auto status = node.call(methods::kGetStatus, {}, kCall);
        if (!status) return status.error().to_string();
        chain_.chain_id = status->chain_id();
        chain_.genesis_hash = *base::to_fixed<32>(base::as_bytes(status->genesis_hash()));
        const auto text = base::read_text_file(ENOC_TOKEN, ledger::kCodeBytesMax);
        if (!text) return text.error().text;
        const auto code = base::to_bytes(base::as_bytes(*text));
        const auto self = gcrypt::address_of(key_.public_key());
        const auto token = ledger::contract_address(self, {}, ledger::code_hash(code));
        base::BcsWriter init;
        init.string("Same");
        init.string("SAM");
        init.u8(0);
        init.u128(1'000'000);
        std::string told;
        told += send(node, ledger::ContractDeploy{.code = code, .input = std::move(init).take()});
        for (std::uint8_t i = 1; i <= 3; ++i) {
            ledger::Address to{};
            to.bytes[0] = static_cast<std::byte>(i);
            base::BcsWriter input;
            input.fixed(base::ByteView{zcrypto::blake3(base::as_bytes("transfer(address,u128)"))}.first(4));
            input.fixed(to.bytes);
            input.u128(i * 400'000u);  // the third is refused
            told += send(node, ledger::ContractCall{.contract = token, .input = std::move(input).take(), .value = 0});
        }
        return told;
    }

 private:
    std::string send(rpc::BlockingClient& node, ledger::Msg msg) {
        ledger::SignedTx tx;
        tx.tx.genesis_hash = chain_.genesis_hash;
        tx.tx.sender = gcrypt::address_of(key_.public_key());
        tx.tx.nonce = nonce_++;
        tx.tx.valid_until_height = 1'000'000;
        tx.tx.msgs = {std::move(msg)};
        tx.tx.gas_limit = ledger::gas_bound(tx.tx, ledger::rules_of(ledger::Params{})) + 5'000'000;
        tx.tx.max_fee_per_gas = 100'000'000'000;
        tx.auth.public_key = key_.public_key().bytes;
        tx.auth.signature = key_.sign(ledger::sign_bytes(tx.tx, chain_.chain_id)).bytes;
        v1::Transaction request;
        request.set_raw(std::string{base::as_text(ledger::encode(tx))});
        if (const auto sent = node.call(methods::kSubmitTransaction, request, kCall); !sent)
            return sent.error().to_string();
        v1::TransactionRequest wanted;
        const auto id = ledger::tx_id(tx.tx);
        wanted.set_tx_id(std::string{base::as_text(id)});
        for (int i = 0; i < kPolls; ++i) {
            const auto receipt = node.call(methods::kGetTransaction, wanted, kCall);
            if (receipt && receipt->height() > 0) return told(node, *receipt);
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        return "never final";
    }
    static std::string told(rpc::BlockingClient& node, const v1::TransactionReceipt& receipt) {
        v1::BlockRequest wanted;
        wanted.set_height(receipt.height());
        const auto block = node.call(methods::kGetBlock, wanted, kCall);
        if (!block) return block.error().to_string();
        std::string text = "execution " + std::to_string(receipt.execution()) + ", gas " +
                           std::to_string(receipt.gas_used()) + ", state " +
                           base::to_hex(base::as_bytes(block->header().state_root())) + ", receipts " +
                           base::to_hex(base::as_bytes(block->header().receipts_root())) + "\n";
        for (const auto& event : receipt.events()) text += event.ShortDebugString() + "\n";
        return text;
    }

    const zcrypto::ed25519::SigningKey& key_;
    ledger::ChainBinding chain_;
    std::uint64_t nonce_ = 0;
};

std::unique_ptr<rpc::BlockingClient> client_of(const std::string& address, const base::Digest& key,
                                               const zquic::Identity& identity) {
    return rpc::BlockingClient::make([&](io::Reactor& reactor) {
               return rpc::make_quic_connector(
                   reactor, {.server = *io::SocketAddress::parse(address), .server_keys = {key}, .identity = identity});
           })
        .value();
}

TEST(SameChain, EndsInTheSameRootsInEnocAndInGhostd) {
    char name[] = "/tmp/enoc_same_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    const std::string root = name;
    const auto key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    const enoc::HomeLayout home{root + "/enoc"};
    const enoc::Options options{.home = root + "/enoc", .free_ports = true};
    const auto in_network = [&](const std::function<void(rpc::BlockingClient&)>& what) {
        const auto network = enoc::Network::start(options);
        ASSERT_TRUE(network) << network.error().text;
        const auto person = zquic::Identity::load(home.owner.cli_identity).value();
        const auto bridge_key = base::fixed_from_hex<32>((*network)->endpoints().bridge_key).value();
        what(*client_of((*network)->endpoints().bridge_quic, bridge_key, person));
        (*network)->stop();
    };
    in_network([&](rpc::BlockingClient& node) {
        v1::FaucetRequest request;
        request.set_address(gcrypt::address_of(key.public_key()).to_text());
        const auto given = node.call(methods::kFaucet, request, kCall);
        ASSERT_TRUE(given) << given.error().to_string();
        v1::AccountRequest wanted;
        wanted.set_address(request.address());
        for (int i = 0; i < kPolls; ++i) {
            const auto account = node.call(methods::kGetAccount, wanted, kCall);
            if (account && account->balances_size() > 0) return;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        FAIL() << "no gift of the faucet";
    });
    const auto alone = root + "/ghostd";
    std::filesystem::copy(home.node, alone, std::filesystem::copy_options::recursive);
    const auto node_key = ghostd::load_key(ghostd::HomeLayout{alone}.node_key).value().public_key();

    std::string in_enoc;
    in_network([&](rpc::BlockingClient& node) { in_enoc = Author{key}.story(node); });

    const auto identity = zquic::Identity::generate().value();
    ghostd::GhostdConfig config;
    config.home = alone;
    config.listen = "127.0.0.1:0";
    config.ops_listen = "127.0.0.1:0";
    config.bridge.endpoint.clear();
    config.peers = {{.name = "test", .key = base::to_hex(*identity.public_key()), .role = "admin"}};
    const auto node = ghostd::Node::start(config);
    ASSERT_TRUE(node) << node.error().text;
    const auto in_ghostd = Author{key}.story(*client_of((*node)->address().to_string(), node_key.bytes, identity));
    (*node)->stop();

    EXPECT_EQ(in_enoc, in_ghostd);
    EXPECT_NE(in_enoc.find("gas "), std::string::npos) << in_enoc;
    EXPECT_EQ(std::count(in_enoc.begin(), in_enoc.end(), '\n'), 4 + 3) << in_enoc;  // four receipts, three events
    std::filesystem::remove_all(root);
}

}  // namespace
