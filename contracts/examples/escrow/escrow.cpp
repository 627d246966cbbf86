// Escrow: the buyer pays in when the contract is made; two of buyer, seller and arbiter decide where the coins go.
#include <ghost/contract.hpp>

GH_ABI_FILE("escrow.abi.json")

using ghost::address;

namespace {

enum class Party : uint8_t { buyer, seller, arbiter };
enum Vote : uint8_t { none = 0, to_seller = 1, to_buyer = 2 };

struct Deal {
    address buyer, seller, arbiter;
    u128 amount;  // 0: settled.
    uint64_t deadline_ms;
    uint8_t votes[3];  // A Vote each, by Party.
    GH_FIELDS(buyer, seller, arbiter, amount, deadline_ms, votes[0], votes[1], votes[2])

    uint8_t& vote_of(Party who) { return votes[static_cast<uint8_t>(who)]; }
    uint8_t count(Vote vote) const {
        return static_cast<uint8_t>((votes[0] == vote) + (votes[1] == vote) + (votes[2] == vote));
    }
};
struct Status {
    address buyer, seller, arbiter;
    u128 amount;
    uint64_t deadline_ms;
    uint8_t for_seller, for_buyer;
    GH_FIELDS(buyer, seller, arbiter, amount, deadline_ms, for_seller, for_buyer)
};

constexpr ghost::slot<Deal> deal_slot{"deal"};

void open(address the_seller, address the_arbiter, uint64_t deadline_ms) {
    const address the_buyer = gh_caller();
    const u128 amount = gh_value();
    GH_REQUIRE(amount > 0, "pay the price in when you make the escrow");
    GH_REQUIRE(deadline_ms > gh_time_ms(), "the deadline has passed");
    // With one person in two roles, that one could decide alone.
    GH_REQUIRE(the_buyer != the_seller && the_buyer != the_arbiter && the_seller != the_arbiter,
               "buyer, seller and arbiter must be three");
    deal_slot.set({the_buyer, the_seller, the_arbiter, amount, deadline_ms, {none, none, none}});
}

Deal open_deal() {
    Deal deal = deal_slot;
    if (deal.amount == 0) ghost::fail<"AlreadySettled">();
    return deal;
}

Party party_of(const Deal& deal) {
    const address caller = gh_caller();
    if (caller == deal.buyer) return Party::buyer;
    if (caller == deal.seller) return Party::seller;
    if (caller == deal.arbiter) return Party::arbiter;
    ghost::fail<"NotAParty">();
}

void settle(Deal& deal, const address& to) {
    const u128 amount = deal.amount;
    deal.amount = 0;
    deal_slot.set(deal);  // Before paying: whatever the receiver does, it finds a settled deal.
    gh_pay_gcc(to, amount);
    ghost::emit<"Settled">(ghost::indexed{to}, amount);
}

void vote(Vote choice) {
    Deal deal = open_deal();
    deal.vote_of(party_of(deal)) = choice;  // A later vote replaces an earlier one.
    ghost::emit<"Voted">(ghost::indexed{gh_caller()}, choice == to_seller);
    if (deal.count(choice) >= 2)
        settle(deal, choice == to_seller ? deal.seller : deal.buyer);
    else
        deal_slot.set(deal);
}

void release() { vote(to_seller); }
void refund() { vote(to_buyer); }

void reclaim() {
    Deal deal = open_deal();
    const uint64_t now_ms = gh_time_ms();
    if (party_of(deal) != Party::buyer) ghost::fail<"NotAParty">();
    if (now_ms < deal.deadline_ms) ghost::fail<"TooEarly">(now_ms, deal.deadline_ms);
    GH_REQUIRE(deal.count(to_seller) == 0, "there is a vote for the seller; the arbiter must decide");
    settle(deal, deal.buyer);
}

Status status() {
    const Deal deal = deal_slot;
    return {deal.buyer,       deal.seller,           deal.arbiter,        deal.amount,
            deal.deadline_ms, deal.count(to_seller), deal.count(to_buyer)};
}

}  // namespace

GH_INIT_PAYABLE { ghost::run(&open); }

GH_CALLS {
    GH_DO(release)
    GH_DO(refund)
    GH_DO(reclaim)
    GH_DO(status)
}
