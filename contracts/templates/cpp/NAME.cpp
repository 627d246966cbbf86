// @NAME@: keeps a message that its owner may change.
#include <ghost/contract.hpp>

GH_ABI_FILE("@NAME@.abi.json")

namespace {

constexpr ghost::slot<ghost::address> owner_slot{"owner"};
constexpr ghost::slot<ghost::string> message_slot{"message"};
constexpr uint32_t message_max = 280;

void keep(const ghost::string& message) {
    GH_REQUIRE(message.size <= message_max, "at most 280 bytes");
    message_slot.set(message);
}

void open(ghost::string message) {
    owner_slot.set(gh_caller());
    keep(message);
}

void set_message(ghost::string message) {
    if (owner_slot.get() != gh_caller()) ghost::fail<"NotOwner">();
    keep(message);
    ghost::emit<"Changed">(ghost::indexed{gh_caller()}, message);
}

ghost::string message() { return message_slot; }

}  // namespace

GH_INIT { ghost::run(&open); }

GH_CALLS {
    GH_DO(set_message)
    GH_DO(message)
}
