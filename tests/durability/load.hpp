#pragma once
// Transfers between a few wallets, as fast as the node answers, and a record of everything it reported as final.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ghostd/methods.hpp"
#include "ledger/execute.hpp"
#include "rpc/blocking.hpp"
#include "zcrypto/ed25519.hpp"

namespace durability {

namespace v1 = ghost::chain::v1;

struct Wallet {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

/// What the node has told: it must hold for ever.
struct Record {
    std::map<std::string, std::uint64_t> final_height;  ///< By transaction id.
    std::uint64_t highest = 0;                          ///< Newest block seen on StreamBlocks.
    std::uint64_t submitted = 0;
    std::map<std::string, std::uint64_t> refusals;  ///< How often, by what the node or the bridge said.
};

/// Lives on the client's reactor between start() and stop().
class Load {
 public:
    Load(const std::vector<Wallet>& wallets, Record& record) : wallets_{wallets}, record_{record} {}

    /// Asks for the wallets' nonces and begins. False when the node does not answer.
    bool start(rpc::BlockingClient& client);
    /// Drops every call that is open. `record` may be read afterwards.
    void stop(rpc::BlockingClient& client);

 private:
    struct Lane;
    void submit(Lane& lane);
    void refused(Lane& lane, const rpc::Status& why);
    void resume(Lane& lane);

    const std::vector<Wallet>& wallets_;
    Record& record_;
    ledger::ChainBinding chain_;
    rpc::Channel* channel_ = nullptr;
    std::vector<std::shared_ptr<Lane>> lanes_;
    rpc::ClientStream<v1::StreamBlocksRequest, v1::Block> blocks_;
};

/// A transfer of 1 agcc.
ledger::SignedTx transfer(const ledger::ChainBinding& chain, const Wallet& from, const ledger::Address& to,
                          std::uint64_t nonce);

}  // namespace durability
