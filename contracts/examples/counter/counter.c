/* A counter: storage, arguments, results, an event, an error. */
#include <ghost/contract.h>

GH_ABI_FILE("counter.abi.json")

GH_INIT {
    gh_store_u64(GH_SLOT("count"), gh_arg(u64));
    gh_store_address(GH_SLOT("owner"), gh_caller());
}

static void increment(void) {
    const uint64_t by = gh_arg(u64);
    const uint64_t count = gh_load_u64(GH_SLOT("count"));
    GH_REQUIRE(by > 0, "nothing to add");
    GH_REQUIRE(count + by >= count, "the counter is full");
    gh_store_u64(GH_SLOT("count"), count + by);

    gh_event e = GH_EVENT("Incremented(address,u64)");
    gh_topic_address(&e, gh_caller());
    gh_put_u64(&e.data, count + by);
    gh_emit(&e);
    gh_return_u64(count + by);
}

static void reset(void) {
    const gh_address owner = gh_load_address(GH_SLOT("owner")), caller = gh_caller();
    if (!gh_same(&owner, &caller)) GH_THROW("NotOwner()");
    gh_store_u64(GH_SLOT("count"), 0);
}

static void get(void) { gh_return_u64(gh_load_u64(GH_SLOT("count"))); }
static void owner(void) { gh_return_address(gh_load_address(GH_SLOT("owner"))); }

GH_CALLS {
    GH_METHOD("increment(u64)", increment)
    GH_METHOD("reset()", reset)
    GH_METHOD("get()", get)
    GH_METHOD("owner()", owner)
}
