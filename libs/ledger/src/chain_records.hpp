#pragma once
// How the chain's records look in the database. Numbers in keys are big-endian, so that they sort.
//
//   blocks  'h' height            -> BCS header            stale  version -> StaleRecord
//           't' height index(4)   -> TxRecord              hist   key hash ‖ version -> HistRecord
//   txidx   'i' tx id             -> height index          certs  height -> certificate
//           'b' block hash        -> height                meta   "head" -> height ‖ block hash
//           'a' address height index -> tx id                     "oldest" -> height of the oldest whole tree
//           'e' contract height   -> nothing: it emitted   node   see store::NodeKey
//           'g' height            -> nothing: some contract did
//   flat    state key             -> value                        "genesis" -> nothing: block 0 is being written

#include <optional>
#include <string_view>
#include <vector>

#include "ledger/chain_state.hpp"

namespace ledger::records {

inline constexpr std::string_view kHeadKey = "head";
inline constexpr std::string_view kOldestKey = "oldest";
/// There from the first batch of block 0 to its last.
inline constexpr std::string_view kGenesisMarkerKey = "genesis";

base::Bytes number_key(std::uint64_t number);
base::Bytes header_key(std::uint64_t height);
base::Bytes tx_key(std::uint64_t height, std::uint32_t index);
base::Bytes tx_prefix(std::uint64_t height);
base::Bytes tx_id_key(const Hash& id);
base::Bytes block_hash_key(const Hash& hash);
base::Bytes address_key(const Address& address, std::uint64_t height, std::uint32_t index);
base::Bytes address_prefix(const Address& address);
/// A block in which a contract, or any (nullopt), emitted events.
base::Bytes events_key(const std::optional<Address>& contract, std::uint64_t height);
base::Bytes events_prefix(const std::optional<Address>& contract);
base::Result<std::uint64_t> height_of_events_key(base::ByteView key);
/// The contracts that emitted something, sorted.
std::vector<Address> emitters(const std::vector<Receipt>& receipts);
base::Bytes hist_key(const base::Digest& key_hash, std::uint64_t version);

struct TxPlace {
    std::uint64_t height{};
    std::uint32_t index{};
};
base::Bytes encode_place(const TxPlace& place);
base::Result<TxPlace> decode_place(base::ByteView bytes);
/// The place at the end of an address_key().
base::Result<TxPlace> place_of_address_key(base::ByteView key);

struct TxRecord {
    base::Bytes raw;      ///< encode(SignedTx)
    base::Bytes receipt;  ///< encode(Receipt)
};
base::Bytes encode_tx_record(base::ByteView raw, base::ByteView receipt);
base::Result<TxRecord> decode_tx_record(base::ByteView bytes);

struct HeadRecord {
    std::uint64_t height{};
    Hash hash{};
};
base::Bytes encode_head(const HeadRecord& head);
base::Result<HeadRecord> decode_head(base::ByteView bytes);
base::Result<std::uint64_t> decode_number(base::ByteView bytes);

/// A value before a version; nothing when there was none.
base::Bytes encode_hist(const std::optional<base::Bytes>& before);
base::Result<std::optional<base::Bytes>> decode_hist(base::ByteView bytes);

/// What can go once no version before this one is asked for.
struct StaleRecord {
    std::vector<base::Bytes> nodes;         ///< Keys in `node`.
    std::vector<base::Digest> hist_hashes;  ///< Key hashes of `hist` records of this version.
};
base::Bytes encode_stale(const StaleRecord& record);
base::Result<StaleRecord> decode_stale(base::ByteView bytes);

}  // namespace ledger::records
