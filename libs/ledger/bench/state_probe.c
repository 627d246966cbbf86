// Touches the state over and over: one operation on many keys, each far from the one before. Input: the operation, the
// first index (8 bytes), how many (4). Keys and addresses are made from the index as bench_gas makes those of the
// genesis.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define ZVM(name) __attribute__((import_module("zvm1"), import_name(#name))) extern

ZVM(input_read) u32 input_read(void* to, u32 from, u32 length);
ZVM(storage_get) int storage_get(const void* key, u32 key_length, void* to, u32 capacity);
ZVM(storage_set) void storage_set(const void* key, u32 key_length, const void* value, u32 length);
ZVM(storage_del) void storage_del(const void* key, u32 key_length);
ZVM(transfer) u32 transfer(const void* to, const void* asset, const void* amount);
ZVM(balance) void balance(const void* of, const void* asset, void* to);
ZVM(call) u32 call(const void* to, const void* value, u64 gas, const void* input, u32 length, u32 flags);
ZVM(create) u32 create(const void* hash, const void* salt, const void* input, u32 length, void* to);

static u8 input[64];
static u64 key[4];
static u8 value[64];
static const u8 zero[32];
static u64 one[2] = {1, 0};

static u64 mix(u64 x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

__attribute__((export_name("init"))) void init(void) {}

__attribute__((export_name("call"))) void run(void) {
    if (input_read(input, 0, sizeof input) < 20) return;
    const u64 first = *(const u64*)(input + 8);
    const u32 count = *(const u32*)(input + 16);
    for (u64 i = first; i != first + count; ++i) {
        for (int word = 0; word < 4; ++word) key[word] = mix(i * 4 + (u64)word);
        switch (input[0]) {
            case 'G': storage_get(key, 32, value, 64); break;
            case 'S':
                *(u64*)value = i + input[1];
                storage_set(key, 32, value, 32);
                break;
            case 'D': storage_del(key, 32); break;
            case 'B': balance(key, zero, value); break;
            case 'T': transfer(key, zero, one); break;
            case 'C': call(key, zero, 0, 0, 0, 0); break;
            case 'V': call(key, one, 0, 0, 0, 0); break;
            case 'N': create(input + 20, key, 0, 0, value); break;
            default: __builtin_trap();
        }
    }
}
