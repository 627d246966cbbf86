// What storage_roundtrip_us measures: a contract that reads a slot, writes it and returns.
typedef unsigned int u32;
#define ZVM1(name) __attribute__((import_module("zvm1"), import_name(#name)))
ZVM1(storage_get) u32 storage_get(const void* key, u32 key_len, void* out, u32 cap);
ZVM1(storage_set) void storage_set(const void* key, u32 key_len, const void* value, u32 value_len);
ZVM1(ret) void ret(const void* data, u32 len);

static const char key[32] = "balance of an address, say......";
__attribute__((export_name("call"))) void call(void) {
    unsigned long long value = 0;
    storage_get(key, sizeof key, &value, sizeof value);
    ++value;
    storage_set(key, sizeof key, &value, sizeof value);
    ret(&value, sizeof value);
}
