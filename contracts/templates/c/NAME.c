/* @NAME@: keeps a message that its owner may change. */
#include <ghost/contract.h>

GH_ABI_FILE("@NAME@.abi.json")

enum { message_max = 280 };

static void keep(gh_view message) {
    GH_REQUIRE(message.size <= message_max, "at most 280 bytes");
    gh_store_bytes(GH_SLOT("message"), message);
}

GH_INIT {
    gh_store_address(GH_SLOT("owner"), gh_caller());
    keep(gh_arg(bytes));
}

static void set_message(void) {
    const gh_view message = gh_arg(bytes);
    const gh_address owner = gh_load_address(GH_SLOT("owner")), caller = gh_caller();
    if (!gh_same(&owner, &caller)) GH_THROW("NotOwner()");
    keep(message);

    gh_event e = GH_EVENT("Changed(address,string)");
    gh_topic_address(&e, caller);
    gh_put_bytes(&e.data, message.data, message.size);
    gh_emit(&e);
}

static void message(void) {
    const gh_view message = gh_load_bytes(GH_SLOT("message"));
    gh_buf out = {0};
    gh_put_bytes(&out, message.data, message.size);
    gh_return(&out);
}

GH_CALLS {
    GH_METHOD("set_message(string)", set_message)
    GH_METHOD("message()", message)
}
