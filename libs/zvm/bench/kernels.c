// Kernels that bench_zvm runs: compiled by clang to wasm32 without a C library. Each export does `n` operations and
// returns something that depends on all of them.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define EXPORT(name) __attribute__((export_name(#name)))
enum { kMessage = 1024 };

static u8 message[kMessage];
static u8 digest[64];

void* memcpy(void* to, const void* from, unsigned long n) {
    u8* t = to;
    const u8* f = from;
    while (n--) *t++ = *f++;
    return to;
}
void* memset(void* to, int value, unsigned long n) {
    u8* t = to;
    while (n--) *t++ = (u8)value;
    return to;
}

static u32 rotr32(u32 x, int n) { return x >> n | x << (32 - n); }
static u64 rotr64(u64 x, int n) { return x >> n | x << (64 - n); }
static u64 rotl64(u64 x, int n) { return x << n | x >> (64 - n); }
static u32 be32(const u8* p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }
static u64 le64(const u8* p) {
    u64 v = 0;
    for (int i = 7; i >= 0; --i) v = v << 8 | p[i];
    return v;
}

// ---- keccak256, the compact form
static const u64 kRound[24] = {0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
                               0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
                               0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
                               0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
                               0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
                               0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
static const int kRotation[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                  27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
static const int kLane[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};

static void keccak_f(u64* s) {
    for (int round = 0; round < 24; ++round) {
        u64 c[5];
#pragma unroll
        for (int i = 0; i < 5; ++i) c[i] = s[i] ^ s[i + 5] ^ s[i + 10] ^ s[i + 15] ^ s[i + 20];
#pragma unroll
        for (int i = 0; i < 5; ++i) {
            const u64 t = c[(i + 4) % 5] ^ rotl64(c[(i + 1) % 5], 1);
#pragma unroll
            for (int j = 0; j < 25; j += 5) s[j + i] ^= t;
        }
        u64 t = s[1];
#pragma unroll
        for (int i = 0; i < 24; ++i) {
            const u64 next = s[kLane[i]];
            s[kLane[i]] = rotl64(t, kRotation[i]);
            t = next;
        }
#pragma unroll
        for (int j = 0; j < 25; j += 5) {
            u64 b[5];
#pragma unroll
            for (int i = 0; i < 5; ++i) b[i] = s[j + i];
#pragma unroll
            for (int i = 0; i < 5; ++i) s[j + i] = b[i] ^ (~b[(i + 1) % 5] & b[(i + 2) % 5]);
        }
        s[0] ^= kRound[round];
    }
}
static void keccak256(const u8* in, u32 n, u8* out) {
    u64 s[25];
    for (int i = 0; i < 25; ++i) s[i] = 0;
    for (; n >= 136; n -= 136, in += 136) {
        for (int i = 0; i < 17; ++i) s[i] ^= le64(in + 8 * i);
        keccak_f(s);
    }
    u8 last[136];
    for (u32 i = 0; i < 136; ++i) last[i] = i < n ? in[i] : 0;
    last[n] ^= 1;
    last[135] ^= 0x80;
    for (int i = 0; i < 17; ++i) s[i] ^= le64(last + 8 * i);
    keccak_f(s);
    for (int i = 0; i < 32; ++i) out[i] = (u8)(s[i / 8] >> 8 * (i % 8));
}

// ---- sha256
static const u32 kSha[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static void sha256_block(u32* h, const u8* p) {
    u32 w[64];
    for (int i = 0; i < 16; ++i) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 64; ++i) {
        const u32 a = rotr32(w[i - 15], 7) ^ rotr32(w[i - 15], 18) ^ w[i - 15] >> 3;
        const u32 b = rotr32(w[i - 2], 17) ^ rotr32(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (int i = 0; i < 64; ++i) {
        const u32 t1 = k + (rotr32(e, 6) ^ rotr32(e, 11) ^ rotr32(e, 25)) + ((e & f) ^ (~e & g)) + kSha[i] + w[i];
        const u32 t2 = (rotr32(a, 2) ^ rotr32(a, 13) ^ rotr32(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        k = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
}
static void sha256(const u8* in, u32 n, u8* out) {
    u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const u32 total = n;
    for (; n >= 64; n -= 64, in += 64) sha256_block(h, in);
    u8 last[128];
    const u32 size = n < 56 ? 64 : 128;
    for (u32 i = 0; i < size; ++i) last[i] = i < n ? in[i] : 0;
    last[n] = 0x80;
    for (u32 i = 0; i < 4; ++i) last[size - 1 - i] = (u8)(total * 8 >> 8 * i);
    sha256_block(h, last);
    if (size == 128) sha256_block(h, last + 64);
    for (int i = 0; i < 32; ++i) out[i] = (u8)(h[i / 4] >> (24 - 8 * (i % 4)));
}

// ---- blake2b-512
static const u64 kIv[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                           0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
static const u8 kSigma[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};
#define G(a, b, c, d, x, y)                                                                                       \
    a = a + b + x, d = rotr64(d ^ a, 32), c = c + d, b = rotr64(b ^ c, 24), a = a + b + y, d = rotr64(d ^ a, 16), \
    c = c + d, b = rotr64(b ^ c, 63)
static void blake2b_block(u64* h, const u8* p, u64 count, int is_last) {
    u64 v[16], m[16];
    for (int i = 0; i < 8; ++i) v[i] = h[i], v[i + 8] = kIv[i];
    v[12] ^= count;
    if (is_last) v[14] = ~v[14];
    for (int i = 0; i < 16; ++i) m[i] = le64(p + 8 * i);
    for (int i = 0; i < 12; ++i) {
        const u8* s = kSigma[i];
        G(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
        G(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
        G(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
        G(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
        G(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
        G(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
        G(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
        G(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
}
static void blake2b(const u8* in, u32 n, u8* out) {
    u64 h[8];
    for (int i = 0; i < 8; ++i) h[i] = kIv[i];
    h[0] ^= 0x01010040;
    u64 count = 0;
    for (; n > 128; n -= 128, in += 128) blake2b_block(h, in, count += 128, 0);
    u8 last[128];
    for (u32 i = 0; i < 128; ++i) last[i] = i < n ? in[i] : 0;
    blake2b_block(h, last, count + n, 1);
    for (int i = 0; i < 64; ++i) out[i] = (u8)(h[i / 8] >> 8 * (i % 8));
}

// ---- a mix as CoreMark has it: a linked list, a small matrix product, a state machine over text, a checksum
struct node {
    struct node* next;
    int value;
};
static struct node nodes[64];
static int left[12][12], right[12][12], product[12][12];
static const char text[] = "5012,-7,+42,0x1f,3.25,12e3,-0.5E-2,junk,99,abc,1e,+";

static u32 crc16(u32 value, u32 crc) {
    for (int i = 0; i < 16; ++i, value >>= 1) crc = ((crc ^ value) & 1) ? crc >> 1 ^ 0xa001 : crc >> 1;
    return crc;
}
static u32 list_part(u32 seed) {
    struct node* head = 0;
    for (int i = 0; i < 64; ++i) {
        nodes[i].value = (int)(seed = seed * 1103515245 + 12345) >> 16;
        nodes[i].next = head;
        head = &nodes[i];
    }
    struct node* reversed = 0;
    while (head) {
        struct node* next = head->next;
        head->next = reversed;
        reversed = head;
        head = next;
    }
    u32 sum = 0;
    int best = -100000;
    for (struct node* n = reversed; n; n = n->next) {
        if (n->value > best) best = n->value;
        sum += (u32)n->value ^ (u32)best;
    }
    return sum;
}
static u32 matrix_part(u32 seed) {
    for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 12; ++j)
            left[i][j] = (int)(seed + (u32)(i * j)) & 255, right[i][j] = (int)(seed ^ (u32)(i + j)) & 255;
    u32 sum = 0;
    for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 12; ++j) {
            int v = 0;
            for (int k = 0; k < 12; ++k) v += left[i][k] * right[k][j];
            product[i][j] = v;
            sum += (u32)v >> 3;
        }
    return sum;
}
static u32 state_part(void) {
    u32 counts[6] = {0, 0, 0, 0, 0, 0};
    int state = 0;
    for (const char* p = text; *p; ++p) {
        const char c = *p;
        if (c == ',') {
            counts[state]++;
            state = 0;
            continue;
        }
        const int is_digit = c >= '0' && c <= '9';
        switch (state) {
            case 0: state = is_digit || c == '+' || c == '-' ? 1 : 5; break;
            case 1: state = is_digit ? 1 : c == '.' ? 2 : c == 'e' || c == 'E' ? 3 : 5; break;
            case 2: state = is_digit ? 2 : c == 'e' || c == 'E' ? 3 : 5; break;
            case 3: state = is_digit || c == '+' || c == '-' ? 4 : 5; break;
            case 4: state = is_digit ? 4 : 5; break;
            default: break;
        }
    }
    u32 sum = 0;
    for (int i = 0; i < 6; ++i) sum = sum * 31 + counts[i];
    return sum;
}

static void fill(void) {
    for (int i = 0; i < kMessage; ++i) message[i] = (u8)(i * 7 + 3);
}
#define HASH(name, function)                     \
    EXPORT(name) u32 run_##name(u32 n) {         \
        fill();                                  \
        for (u32 i = 0; i < n; ++i) {            \
            function(message, kMessage, digest); \
            message[i % kMessage] ^= digest[0];  \
        }                                        \
        return be32(digest);                     \
    }
HASH(keccak256, keccak256)
HASH(sha256, sha256)
HASH(blake2b, blake2b)

EXPORT(loopmix) u32 run_loopmix(u32 n) {
    u32 crc = 0;
    for (u32 i = 0; i < n; ++i) {
        crc = crc16(list_part(i), crc);
        crc = crc16(matrix_part(i), crc);
        crc = crc16(state_part(), crc);
    }
    return crc;
}

__attribute__((noinline)) static u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
EXPORT(fib) u32 run_fib(u32 n) {
    u32 sum = 0;
    for (u32 i = 0; i < n; ++i) sum += fib(20 + (sum == 1));  // not hoisted out of the loop
    return sum;
}

// ---- a token: accounts in an open table, a transfer as a contract would decode, check and book it
struct account {
    u8 address[32];
    u64 low, high;  // a balance of 128 bits
};
enum { kAccounts = 256 };
static struct account accounts[kAccounts];
static u8 transfer_input[4 + 32 + 16];

static struct account* account_of(const u8* address) {
    u32 hash = 2166136261u;
    for (int i = 0; i < 32; ++i) hash = (hash ^ address[i]) * 16777619u;
    for (u32 at = hash;; ++at) {
        struct account* const a = &accounts[at % kAccounts];
        int same = 1, empty = 1;
        for (int i = 0; i < 32; ++i) {
            if (a->address[i] != address[i]) same = 0;
            if (a->address[i]) empty = 0;
        }
        if (same) return a;
        if (empty) {
            for (int i = 0; i < 32; ++i) a->address[i] = address[i];
            return a;
        }
    }
}
static u32 transfer(const u8* from, const u8* input) {
    if (input[0] != 0xa9 || input[1] != 0x05 || input[2] != 0x9c || input[3] != 0xbb) return 1;
    const u64 low = le64(input + 36), high = le64(input + 44);
    struct account* const source = account_of(from);
    if (source->high < high || (source->high == high && source->low < low)) return 2;
    source->high -= high + (source->low < low);
    source->low -= low;
    struct account* const target = account_of(input + 4);
    target->low += low;
    target->high += high + (target->low < low);
    return 0;
}
EXPORT(token_transfer) u32 run_token_transfer(u32 n) {
    u8 from[32];
    for (int i = 0; i < 32; ++i) from[i] = (u8)(i + 1);
    account_of(from)->low = ~(u64)0;
    transfer_input[0] = 0xa9, transfer_input[1] = 0x05, transfer_input[2] = 0x9c, transfer_input[3] = 0xbb;
    u32 refused = 0;
    for (u32 i = 0; i < n; ++i) {
        for (int k = 0; k < 32; ++k) transfer_input[4 + k] = (u8)(k * 3 + 1 + (i & 63));
        transfer_input[36] = (u8)i;
        refused += transfer(from, transfer_input);
    }
    return refused;
}

/// The digest of the message after `which` ran once: 0 keccak256, 1 sha256, 2 blake2b. To check the kernels themselves.
EXPORT(digest_word) u32 digest_word(u32 which, u32 word) {
    fill();
    if (which == 0) keccak256(message, kMessage, digest);
    if (which == 1) sha256(message, kMessage, digest);
    if (which == 2) blake2b(message, kMessage, digest);
    return be32(digest + 4 * word);
}

__attribute__((import_module("bench"), import_name("host"))) u32 host(u32 a, u32 b);
EXPORT(host_calls) u32 host_calls(u32 n) {
    u32 sum = 0;
    for (u32 i = 0; i < n; ++i) sum += host(i, sum);
    return sum;
}
EXPORT(empty) void empty(void) {}

#ifdef ONLY  // for engines that run exports without arguments and nothing else
EXPORT(only) u32 only(void) { return ONLY(ONLY_N); }
#endif
