#include "chain_records.hpp"

#include <algorithm>

#include "base/bcs.hpp"

namespace ledger::records {
namespace {

class KeyWriter {
 public:
    explicit KeyWriter(std::size_t size) { out_.reserve(size); }
    KeyWriter& tag(char tag) {
        out_.push_back(static_cast<std::byte>(tag));
        return *this;
    }
    template <typename T>
    KeyWriter& number(T value) {
        const auto at = out_.size();
        out_.resize(at + sizeof value);
        base::store_be(out_.data() + at, value);
        return *this;
    }
    KeyWriter& bytes(base::ByteView view) {
        // Not insert(): g++ 12 sees an overread in it that is not there.
        const auto at = out_.size();
        out_.resize(at + view.size());
        std::copy(view.begin(), view.end(), out_.begin() + static_cast<std::ptrdiff_t>(at));
        return *this;
    }
    base::Bytes take() { return std::move(out_); }

 private:
    base::Bytes out_;
};

template <typename T>
base::Result<T> whole(base::BcsReader& in, T value) {
    if (!in.finish()) return base::fail(Errc::corrupt_chain, "database record");
    return value;
}

constexpr std::uint32_t kRecordBytesMax = 64U << 20U;

}  // namespace

base::Bytes number_key(std::uint64_t number) { return KeyWriter{8}.number(number).take(); }
base::Bytes header_key(std::uint64_t height) { return KeyWriter{9}.tag('h').number(height).take(); }
base::Bytes tx_key(std::uint64_t height, std::uint32_t index) {
    return KeyWriter{13}.tag('t').number(height).number(index).take();
}
base::Bytes tx_prefix(std::uint64_t height) { return KeyWriter{9}.tag('t').number(height).take(); }
base::Bytes tx_id_key(const Hash& id) { return KeyWriter{33}.tag('i').bytes(id).take(); }
base::Bytes block_hash_key(const Hash& hash) { return KeyWriter{33}.tag('b').bytes(hash).take(); }
base::Bytes address_key(const Address& address, std::uint64_t height, std::uint32_t index) {
    return KeyWriter{45}.tag('a').bytes(address.bytes).number(height).number(index).take();
}
base::Bytes address_prefix(const Address& address) { return KeyWriter{33}.tag('a').bytes(address.bytes).take(); }
base::Bytes events_prefix(const std::optional<Address>& contract) {
    return contract ? KeyWriter{41}.tag('e').bytes(contract->bytes).take() : KeyWriter{9}.tag('g').take();
}
base::Bytes events_key(const std::optional<Address>& contract, std::uint64_t height) {
    KeyWriter out{41};
    if (contract) return out.tag('e').bytes(contract->bytes).number(height).take();
    return out.tag('g').number(height).take();
}
base::Result<std::uint64_t> height_of_events_key(base::ByteView key) {
    if (key.size() != 9 && key.size() != 41) return base::fail(Errc::corrupt_chain, "events index");
    return base::load_be<std::uint64_t>(key.last(8).data());
}
std::vector<Address> emitters(const std::vector<Receipt>& receipts) {
    std::vector<Address> out;
    for (const auto& receipt : receipts) {
        for (const auto& event : receipt.events) {
            const auto* emitted = std::get_if<ContractEvent>(&event);
            if (emitted && (out.empty() || out.back() != emitted->contract)) out.push_back(emitted->contract);
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}
base::Bytes hist_key(const base::Digest& key_hash, std::uint64_t version) {
    return KeyWriter{40}.bytes(key_hash).number(version).take();
}

base::Bytes encode_place(const TxPlace& place) { return KeyWriter{12}.number(place.height).number(place.index).take(); }

base::Result<TxPlace> decode_place(base::ByteView bytes) {
    if (bytes.size() != 12) return base::fail(Errc::corrupt_chain, "transaction place");
    return TxPlace{base::load_be<std::uint64_t>(bytes.data()), base::load_be<std::uint32_t>(bytes.data() + 8)};
}

base::Result<TxPlace> place_of_address_key(base::ByteView key) {
    if (key.size() != 45) return base::fail(Errc::corrupt_chain, "address index");
    return decode_place(key.last(12));
}

base::Bytes encode_tx_record(base::ByteView raw, base::ByteView receipt) {
    base::BcsWriter out;
    out.bytes(raw);
    out.bytes(receipt);
    return std::move(out).take();
}

base::Result<TxRecord> decode_tx_record(base::ByteView bytes) {
    base::BcsReader in{bytes};
    TxRecord record;
    record.raw = base::to_bytes(in.bytes(kCodeTxBytesMax));
    record.receipt = base::to_bytes(in.bytes(kRecordBytesMax));
    return whole(in, std::move(record));
}

base::Bytes encode_head(const HeadRecord& head) { return KeyWriter{40}.number(head.height).bytes(head.hash).take(); }

base::Result<HeadRecord> decode_head(base::ByteView bytes) {
    if (bytes.size() != 40) return base::fail(Errc::corrupt_chain, "head record");
    HeadRecord head{.height = base::load_be<std::uint64_t>(bytes.data())};
    std::copy_n(bytes.begin() + 8, 32, head.hash.begin());
    return head;
}

base::Result<std::uint64_t> decode_number(base::ByteView bytes) {
    if (bytes.size() != 8) return base::fail(Errc::corrupt_chain, "number record");
    return base::load_be<std::uint64_t>(bytes.data());
}

base::Bytes encode_hist(const std::optional<base::Bytes>& before) {
    base::Bytes out(before ? 1 + before->size() : 1);
    out[0] = std::byte{before ? std::uint8_t{1} : std::uint8_t{0}};
    if (before) std::copy(before->begin(), before->end(), out.begin() + 1);
    return out;
}

base::Result<std::optional<base::Bytes>> decode_hist(base::ByteView bytes) {
    if (bytes.empty()) return base::fail(Errc::corrupt_chain, "history record");
    if (bytes[0] == std::byte{0}) return std::nullopt;
    return base::to_bytes(bytes.subspan(1));
}

base::Bytes encode_stale(const StaleRecord& record) {
    base::BcsWriter out;
    out.uleb(static_cast<std::uint32_t>(record.nodes.size()));
    for (const auto& key : record.nodes) out.bytes(key);
    out.uleb(static_cast<std::uint32_t>(record.hist_hashes.size()));
    for (const auto& hash : record.hist_hashes) out.fixed(hash);
    return std::move(out).take();
}

base::Result<StaleRecord> decode_stale(base::ByteView bytes) {
    base::BcsReader in{bytes};
    StaleRecord record;
    const auto nodes = in.length(kRecordBytesMax, 10);
    record.nodes.reserve(nodes);
    for (std::uint32_t i = 0; i < nodes && in.ok(); ++i) record.nodes.push_back(base::to_bytes(in.bytes(64)));
    const auto hashes = in.length(kRecordBytesMax, 32);
    record.hist_hashes.reserve(hashes);
    for (std::uint32_t i = 0; i < hashes && in.ok(); ++i) record.hist_hashes.push_back(in.fixed<32>());
    return whole(in, std::move(record));
}

}  // namespace ledger::records
