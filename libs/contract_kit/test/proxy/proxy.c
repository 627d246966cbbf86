/* Calls others: what the mock chain's nesting is tested with. */
#include <ghost/contract.h>

GH_ABI_FILE("proxy.abi.json")

GH_INIT_PAYABLE {}

static gh_buf data_of(gh_view data) {
    gh_buf in = {0};
    gh_put_raw(&in, data.data, data.size);
    return in;
}

static void forward(void) {
    const gh_address to = gh_arg(address);
    const gh_buf in = data_of(gh_arg(bytes));
    const gh_view result = gh_call(to, &in);
    gh_buf out = {0};
    gh_put_bytes(&out, result.data, result.size);
    gh_return(&out);
}

/* Keeps what it wrote itself, whatever becomes of the call. */
static void attempt(void) {
    const gh_call_options options = {gh_arg(address), 0, 1000000, 0};
    const gh_buf in = data_of(gh_arg(bytes));
    gh_store_u32(GH_SLOT("before"), 1);
    const uint32_t status = gh_try_call(options, &in);
    gh_store_u32(GH_SLOT("after"), status);
    gh_return_u32(status);
}

static void spin(void) {
    for (volatile uint32_t i = 0;;) i = i + 1;
}

static void math(void) {
    const uint8_t op = gh_arg(u8);
    const u128 a = gh_arg(u128), b = gh_arg(u128);
    switch (op) {
        case '+': gh_return_u128(gh_add(a, b)); return;
        case '-': gh_return_u128(gh_sub(a, b)); return;
        case '*': gh_return_u128(gh_mul(a, b)); return;
        case '/': gh_return_u128(gh_div(a, b)); return;
        case '%': gh_return_u128(a % b); return;
        case '<': gh_return_u128(a << (int)b); return;
        case '>': gh_return_u128(a >> (int)b); return;
        default: GH_REVERT("no such operation");
    }
}

/* Reverts after depth levels of this contract allowed to call itself. */
static void bomb(void) {
    const uint32_t depth = gh_arg(u32);
    if (depth == 0) return;
    gh_buf in = gh_buf_with(GH_SELECTOR("bomb(u32)"));
    gh_put_u32(&in, depth - 1);
    const gh_call_options options = {gh_self(), 0, ~0ull, GH_ALLOW_REENTRY};
    const gh_call_status status = gh_try_call(options, &in);
    if (status == GH_CALL_REFUSED) GH_REVERT("too deep");
    if (status == GH_CALL_REVERTED) {
        const gh_view error = gh_call_data();
        zvm1_revert(error.data, error.size);
    }
    GH_ASSERT(status == GH_CALL_OK);
}

/* Stores, loads, and shows that memory taken after it lies behind what was loaded. */
static void keep(void) {
    gh_store_bytes(GH_SLOT("kept"), gh_arg(bytes));
    const gh_view kept = gh_load_bytes(GH_SLOT("kept")), absent = gh_load_bytes(GH_SLOT("absent"));
    GH_ASSERT(!absent.data && !absent.size);
    memset(gh_alloc(64), 0xEE, 64);
    gh_buf out = {0};
    gh_put_bytes(&out, kept.data, kept.size);
    gh_return(&out);
}

static void nothing(void) {}

GH_CALLS {
    GH_METHOD("forward(address,bytes)", forward)
    GH_METHOD("attempt(address,bytes)", attempt)
    GH_METHOD("spin()", spin)
    GH_METHOD("math(u8,u128,u128)", math)
    GH_METHOD("bomb(u32)", bomb)
    GH_METHOD("keep(bytes)", keep)
    GH_RECEIVE(nothing)
}
