/* A fungible token. Balances are u128 in the token's smallest unit; their sum is `supply`, always. */
#include <ghost/contract.h>

GH_ABI_FILE("token.abi.json")

static const gh_address nobody = {{0}};

static gh_key balance_key(gh_address who) { return GH_MAP("b/", who); }
static gh_key allowance_key(gh_address owner, gh_address spender) { return GH_MAP2("a/", owner, spender); }

static void emit_transfer(gh_address from, gh_address to, u128 amount) {
    gh_event e = GH_EVENT("Transfer(address,address,u128)");
    gh_topic_address(&e, from);
    gh_topic_address(&e, to);
    gh_put_u128(&e.data, amount);
    gh_emit(&e);
}

/* An error with two numbers, so that a wallet can say how much is missing. */
static _Noreturn void insufficient(uint32_t selector, u128 have, u128 need) {
    gh_buf error = gh_buf_with(selector);
    gh_put_u128(&error, have);
    gh_put_u128(&error, need);
    gh_fail(&error);
}

static void take(gh_address from, u128 amount) {
    const gh_key key = balance_key(from);
    const u128 have = gh_load_u128(key);
    if (have < amount) insufficient(GH_SELECTOR("InsufficientBalance(u128,u128)"), have, amount);
    /* An empty account leaves no slot behind. */
    if (have == amount)
        gh_clear(key);
    else
        gh_store_u128(key, have - amount);
}

static void give(gh_address to, u128 amount) {
    GH_REQUIRE(!gh_is_zero(&to), "nobody has the zero address; burn instead");
    const gh_key key = balance_key(to);
    gh_store_u128(key, gh_add(gh_load_u128(key), amount));
}

/* Taking before giving keeps a transfer to oneself right. */
static void move(gh_address from, gh_address to, u128 amount) {
    GH_REQUIRE(amount > 0, "nothing to transfer");
    take(from, amount);
    give(to, amount);
    emit_transfer(from, to, amount);
}

static void create(gh_address to, u128 amount) {
    gh_store_u128(GH_SLOT("supply"), gh_add(gh_load_u128(GH_SLOT("supply")), amount));
    give(to, amount);
    emit_transfer(nobody, to, amount);
}

static gh_address load_owner(void) { return gh_load_address(GH_SLOT("owner")); }

static void only_owner(void) {
    const gh_address owner = load_owner(), caller = gh_caller();
    if (!gh_same(&owner, &caller)) GH_THROW("NotOwner()");
}

GH_INIT {
    const gh_view name = gh_arg(bytes), symbol = gh_arg(bytes);
    const uint8_t decimals = gh_arg(u8);
    const u128 supply = gh_arg(u128);
    GH_REQUIRE(name.size > 0 && name.size <= 64, "a name has 1 to 64 bytes");
    GH_REQUIRE(symbol.size > 0 && symbol.size <= 12, "a symbol has 1 to 12 bytes");
    GH_REQUIRE(decimals <= 30, "at most 30 decimals");
    gh_store_bytes(GH_SLOT("name"), name);
    gh_store_bytes(GH_SLOT("symbol"), symbol);
    gh_store_u8(GH_SLOT("decimals"), decimals);
    gh_store_address(GH_SLOT("owner"), gh_caller());
    if (supply) create(gh_caller(), supply);
}

static void return_text(gh_key key) {
    const gh_view text = gh_load_bytes(key);
    gh_buf out = {0};
    gh_put_bytes(&out, text.data, text.size);
    gh_return(&out);
}

static void name(void) { return_text(GH_SLOT("name")); }
static void symbol(void) { return_text(GH_SLOT("symbol")); }
static void decimals(void) { gh_return_u8(gh_load_u8(GH_SLOT("decimals"))); }
static void total_supply(void) { gh_return_u128(gh_load_u128(GH_SLOT("supply"))); }
static void balance_of(void) { gh_return_u128(gh_load_u128(balance_key(gh_arg(address)))); }

static void allowance(void) {
    const gh_address owner = gh_arg(address), spender = gh_arg(address);
    gh_return_u128(gh_load_u128(allowance_key(owner, spender)));
}

static void transfer(void) {
    const gh_address to = gh_arg(address);
    const u128 amount = gh_arg(u128);
    move(gh_caller(), to, amount);
}

static void approve(void) {
    const gh_address spender = gh_arg(address), caller = gh_caller();
    const u128 amount = gh_arg(u128);
    if (amount)
        gh_store_u128(allowance_key(caller, spender), amount);
    else
        gh_clear(allowance_key(caller, spender));

    gh_event e = GH_EVENT("Approval(address,address,u128)");
    gh_topic_address(&e, caller);
    gh_topic_address(&e, spender);
    gh_put_u128(&e.data, amount);
    gh_emit(&e);
}

static void transfer_from(void) {
    const gh_address from = gh_arg(address), to = gh_arg(address);
    const u128 amount = gh_arg(u128);
    const gh_key key = allowance_key(from, gh_caller());
    const u128 allowed = gh_load_u128(key);
    if (allowed < amount) insufficient(GH_SELECTOR("InsufficientAllowance(u128,u128)"), allowed, amount);
    if (allowed == amount)
        gh_clear(key);
    else
        gh_store_u128(key, allowed - amount);
    move(from, to, amount);
}

static void mint(void) {
    const gh_address to = gh_arg(address);
    const u128 amount = gh_arg(u128);
    only_owner();
    GH_REQUIRE(amount > 0, "nothing to mint");
    create(to, amount);
}

static void burn(void) {
    const u128 amount = gh_arg(u128);
    GH_REQUIRE(amount > 0, "nothing to burn");
    take(gh_caller(), amount);
    gh_store_u128(GH_SLOT("supply"), gh_sub(gh_load_u128(GH_SLOT("supply")), amount));
    emit_transfer(gh_caller(), nobody, amount);
}

static void owner(void) { gh_return_address(load_owner()); }

static void set_owner(void) {
    const gh_address owner = gh_arg(address);
    only_owner();
    gh_store_address(GH_SLOT("owner"), owner);
}

GH_CALLS {
    GH_METHOD("transfer(address,u128)", transfer)
    GH_METHOD("balance_of(address)", balance_of)
    GH_METHOD("transfer_from(address,address,u128)", transfer_from)
    GH_METHOD("approve(address,u128)", approve)
    GH_METHOD("allowance(address,address)", allowance)
    GH_METHOD("mint(address,u128)", mint)
    GH_METHOD("burn(u128)", burn)
    GH_METHOD("total_supply()", total_supply)
    GH_METHOD("name()", name)
    GH_METHOD("symbol()", symbol)
    GH_METHOD("decimals()", decimals)
    GH_METHOD("owner()", owner)
    GH_METHOD("set_owner(address)", set_owner)
}
