// A sealed-bid auction of a name in three phases: commit a hash with a deposit, reveal what was hashed, settle.
// The highest bid wins and pays the second highest (or the reserve), so that bidding what it is worth is best.
#include <ghost/contract.hpp>

GH_ABI_FILE("auction.abi.json")

using ghost::address;
using ghost::hash;
using ghost::indexed;

namespace {

struct Terms {
    address seller;
    u128 reserve;
    uint64_t commit_end_ms, reveal_end_ms;
    GH_FIELDS(seller, reserve, commit_end_ms, reveal_end_ms)
};
struct Bid {
    hash seal;
    u128 deposit;
    bool revealed;
    GH_FIELDS(seal, deposit, revealed)
};
struct Best {
    address winner;  // Zero: nobody has reached the reserve.
    u128 highest, second;
    bool settled;
    GH_FIELDS(winner, highest, second, settled)
};
struct Status {
    address seller;
    uint64_t commit_end_ms, reveal_end_ms;
    address winner;
    u128 price;
    bool settled;
    GH_FIELDS(seller, commit_end_ms, reveal_end_ms, winner, price, settled)
};
/// What a seal is the hash of. The bidder is in it, so that nobody can copy another's seal.
struct Sealed {
    address bidder;
    u128 amount;
    hash salt;
    GH_FIELDS(bidder, amount, salt)
};

constexpr ghost::slot<ghost::string> name_slot{"name"};
constexpr ghost::slot<Terms> terms_slot{"terms"};
constexpr ghost::slot<Best> best_slot{"best"};
constexpr ghost::map<address, Bid> bids{"bid/"};

constexpr uint64_t phase_max_ms = 366ull * 86'400'000;

void require_phase(bool is_open) {
    if (!is_open) ghost::fail<"WrongPhase">(gh_time_ms());
}

void open(ghost::string name, u128 reserve, uint64_t commit_ms, uint64_t reveal_ms) {
    GH_REQUIRE(name.size > 0 && name.size <= 63, "a name has 1 to 63 bytes");
    GH_REQUIRE(commit_ms > 0 && commit_ms <= phase_max_ms && reveal_ms > 0 && reveal_ms <= phase_max_ms,
               "a phase lasts between a millisecond and a year");
    const uint64_t commit_end_ms = gh_time_ms() + commit_ms;
    name_slot.set(name);
    terms_slot.set({gh_caller(), reserve, commit_end_ms, commit_end_ms + reveal_ms});
}

void commit(hash seal) {
    const Terms terms = terms_slot;
    require_phase(gh_time_ms() < terms.commit_end_ms);
    const address bidder = gh_caller();
    const u128 deposit = gh_value();
    GH_REQUIRE(!bids.has(bidder), "one bid each");
    if (deposit < terms.reserve) ghost::fail<"DepositTooSmall">(deposit, terms.reserve);
    bids.set(bidder, {seal, deposit, false});
    ghost::emit<"Committed">(indexed{bidder}, deposit);
}

hash seal_of(const Sealed& sealed) {
    gh_buf encoded{};
    ghost::put(encoded, sealed);
    return gh_blake3(gh_view_of(&encoded));
}

void reveal(u128 amount, hash salt) {
    const Terms terms = terms_slot;
    const uint64_t now_ms = gh_time_ms();
    require_phase(now_ms >= terms.commit_end_ms && now_ms < terms.reveal_end_ms);
    const address bidder = gh_caller();
    Bid bid = bids.get(bidder);
    GH_REQUIRE(!bid.revealed, "revealed already");
    if (bid.seal != seal_of({bidder, amount, salt})) ghost::fail<"SealDoesNotMatch">();
    if (amount > bid.deposit) ghost::fail<"DepositTooSmall">(bid.deposit, amount);
    bid.revealed = true;
    bids.set(bidder, bid);

    Best best = best_slot;
    if (amount >= terms.reserve && amount > best.highest) {  // Of equal bids the first revealed wins.
        best.second = best.highest;
        best.highest = amount;
        best.winner = bidder;
    } else if (amount > best.second) {
        best.second = amount;
    }
    best_slot.set(best);
    ghost::emit<"Revealed">(indexed{bidder}, amount);
}

u128 price_of(const Terms& terms, const Best& best) {
    if (gh_is_zero(&best.winner)) return 0;
    return best.second > terms.reserve ? best.second : terms.reserve;
}

void settle() {
    const Terms terms = terms_slot;
    Best best = best_slot;
    require_phase(gh_time_ms() >= terms.reveal_end_ms);
    GH_REQUIRE(!best.settled, "settled already");
    best.settled = true;
    best_slot.set(best);
    const ghost::string name = name_slot;
    if (gh_is_zero(&best.winner)) {
        ghost::emit<"Unsold">(indexed{name});
        return;
    }
    const u128 price = price_of(terms, best);
    const u128 deposit = bids.get(best.winner).deposit;
    bids.clear(best.winner);
    gh_pay_gcc(terms.seller, price);
    gh_pay_gcc(best.winner, gh_sub(deposit, price));
    ghost::emit<"Sold">(indexed{name}, indexed{best.winner}, price);
}

void withdraw() {
    const Best best = best_slot;
    require_phase(best.settled);
    const address bidder = gh_caller();
    const Bid bid = bids.get(bidder);
    GH_REQUIRE(bid.deposit > 0, "nothing to withdraw");
    bids.clear(bidder);
    // Hiding for ever must cost something, or sealed bids that are never shown would be a free option.
    const u128 fine = bid.revealed ? 0 : bid.deposit / 20;
    gh_pay_gcc(terms_slot.get().seller, fine);
    gh_pay_gcc(bidder, bid.deposit - fine);
}

ghost::string name() { return name_slot; }

Status status() {
    const Terms terms = terms_slot;
    const Best best = best_slot;
    return {terms.seller, terms.commit_end_ms, terms.reveal_end_ms, best.winner, price_of(terms, best), best.settled};
}

}  // namespace

GH_INIT { ghost::run(&open); }

GH_CALLS {
    GH_DO_PAYABLE(commit)
    GH_DO(reveal)
    GH_DO(settle)
    GH_DO(withdraw)
    GH_DO(name)
    GH_DO(status)
}
