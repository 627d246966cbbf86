// A contract that does what its input says: a program of steps, each an opcode and its operands. What the tests of the
// ledger need of zvm1, and nothing else. Not an example for authors: see contracts/.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define ZVM(name) __attribute__((import_module("zvm1"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))

ZVM(input_len) u32 input_len(void);
ZVM(input_read) u32 input_read(void* to, u32 from, u32 length);
ZVM(ret) void ret(const void* data, u32 length);
ZVM(revert) void revert(const void* data, u32 length);
ZVM(storage_get) int storage_get(const void* key, u32 key_length, void* to, u32 capacity);
ZVM(storage_set) void storage_set(const void* key, u32 key_length, const void* value, u32 length);
ZVM(storage_del) void storage_del(const void* key, u32 key_length);
ZVM(caller) void caller(void* to);
ZVM(self) void self(void* to);
ZVM(value) void value(void* to);
ZVM(block) u64 block(u32 field);
ZVM(emit) void emit(const void* topics, u32 count, const void* data, u32 length);
ZVM(call) u32 call(const void* to, const void* value, u64 gas, const void* input, u32 length, u32 flags);
ZVM(ret_len) u32 ret_len(void);
ZVM(ret_copy) u32 ret_copy(void* to, u32 from, u32 length);
ZVM(transfer) u32 transfer(const void* to, const void* asset, const void* amount);
ZVM(balance) void balance(const void* of, const void* asset, void* to);
ZVM(create) u32 create(const void* hash, const void* salt, const void* input, u32 length, void* to);
ZVM(upgrade) u32 upgrade(const void* hash);
ZVM(secp256k1_verify) u32 secp256k1_verify(const void* key, const void* signature, const void* digest);
ZVM(secp256k1_recover) u32 secp256k1_recover(const void* signature, const void* digest, void* to);
ZVM(ed25519_verify) u32 ed25519_verify(const void* key, const void* signature, const void* message, u32 length);
ZVM(keccak256) void keccak256(const void* data, u32 length, void* to);

static u8 program[65536];
static u8 out[65536];

static u32 number(const u8* at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }

__attribute__((noinline)) static u32 dive(u32 depth) {
    volatile u32 kept = depth;
    return depth ? dive(depth - 1) + kept : 0;
}

static void run(void) {
    const u32 length = input_read(program, 0, sizeof program);
    u32 filled = 0;
    for (u32 at = 0; at < length;) {
        const u8 op = program[at++];
        u8* const args = program + at;
        switch (op) {
            case 'S':  // set: key length, key, value length (4), value
                storage_set(args + 1, args[0], args + 1 + args[0] + 4, number(args + 1 + args[0]));
                at += 1 + args[0] + 4 + number(args + 1 + args[0]);
                break;
            case 'G': {  // get: appends the value
                const int found = storage_get(args + 1, args[0], out + filled, sizeof out - filled);
                if (found > 0) filled += (u32)found;
                at += 1 + args[0];
                break;
            }
            case 'D':
                storage_del(args + 1, args[0]);
                at += 1 + args[0];
                break;
            case 'E':  // emit: topic (32), data length (1), data
                emit(args, 1, args + 33, args[32]);
                at += 33 + args[32];
                break;
            case 'C': {  // call: address (32), value (16), flags (1), input length (4), input; appends the status
                const u32 n = number(args + 49);
                out[filled++] = (u8)call(args, args + 32, ~0ull, args + 53, n, args[48]);
                at += 53 + n;
                break;
            }
            case 'Y':  // appends what the last call returned
                filled += ret_copy(out + filled, 0, ret_len());
                break;
            case 'T':  // transfer: address (32), asset (32), amount (16); appends the status
                out[filled++] = (u8)transfer(args, args + 32, args + 64);
                at += 80;
                break;
            case 'B':  // balance of an address and asset: appends 16 bytes
                balance(args, args + 32, out + filled);
                filled += 16;
                at += 64;
                break;
            case 'N': {  // create: hash, salt, input length (4), input; appends the status and the address
                const u32 n = number(args + 64);
                out[filled] = (u8)create(args, args + 32, args + 68, n, out + filled + 1);
                filled += 33;
                at += 68 + n;
                break;
            }
            case 'U':  // upgrade
                out[filled++] = (u8)upgrade(args);
                at += 32;
                break;
            case 'W':  // who: caller, self, value, height
                caller(out + filled);
                self(out + filled + 32);
                value(out + filled + 64);
                *(u64*)(out + filled + 80) = block(0);
                filled += 88;
                break;
            case 'P': {  // refuse value
                u8 given[16];
                value(given);
                for (u32 i = 0; i < 16; ++i)
                    if (given[i]) revert("not payable", 11);
                break;
            }
            case 'R':  // revert with the next bytes: length (4)
                revert(args + 4, number(args));
                break;
            case 'X': __builtin_trap();
            case 'L':
                for (;;) __asm__ volatile("");
            case 'O': out[filled++] = (u8)dive(~0u); break;
            case 'F': {  // flood: count (4) new slots
                for (u32 i = number(args); i; --i) storage_set(&i, 4, "full", 4);
                at += 4;
                break;
            }
            case 'M': {  // many events: count (4), size (4)
                for (u32 i = number(args); i; --i) emit(out, 0, out, number(args + 4));
                at += 8;
                break;
            }
            case 'Z': {  // calls itself with the same input, flags (1): as deep as it goes; returns how deep
                u8 me[32];
                u8 none[16] = {0};
                self(me);
                u32 deep = 1;
                if (call(me, none, ~0ull, program, length, args[0]) == 0 && ret_len() == 4) {
                    ret_copy(&deep, 0, 4);
                    ++deep;
                }
                ret(&deep, 4);
                return;
            }
            case 'V':  // secp256k1: key, signature, digest
                out[filled++] = (u8)secp256k1_verify(args, args + 33, args + 97);
                at += 129;
                break;
            case 'v':  // recover: signature, digest
                out[filled] = (u8)secp256k1_recover(args, args + 65, out + filled + 1);
                filled += 34;
                at += 97;
                break;
            case 'e':  // ed25519: key, signature, four bytes
                out[filled++] = (u8)ed25519_verify(args, args + 32, args + 96, 4);
                at += 100;
                break;
            case 'K':  // keccak256 of four bytes
                keccak256(args, 4, out + filled);
                filled += 32;
                at += 4;
                break;
            default: revert("unknown step", 12);
        }
    }
    ret(out, filled);
}

EXPORT(call) void entry_call(void) { run(); }
EXPORT(init) void entry_init(void) { run(); }
