// ghost/contract.hpp: what C++20 adds to ghost/contract.h: typed methods, slots, maps, events, errors and calls.
// Signatures come from the types, so that code and schema cannot drift apart unnoticed. No exceptions, no RTTI, no
// standard library; compile with -fno-exceptions -fno-rtti -fno-threadsafe-statics.
//
//   static constexpr ghost::slot<u128> total{"total"};
//   static u128 add(u128 amount) { total.set(gh_add(total, amount)); return total; }
//   GH_CALLS { GH_DO(add) }                            // method add(u128)
#pragma once

#include <ghost/contract.h>

inline bool operator==(const gh_address& a, const gh_address& b) { return gh_same(&a, &b); }
inline bool operator==(const gh_hash& a, const gh_hash& b) { return gh_same(&a, &b); }

namespace ghost {

using address = gh_address;
using hash = gh_hash;
struct bytes : gh_view {};
struct string : gh_view {};

template <class A, class B>
inline constexpr bool is_same = false;
template <class A>
inline constexpr bool is_same<A, A> = true;
template <class T>
struct plain_ {
    using type = T;
};
template <class T>
struct plain_<const T> : plain_<T> {};
template <class T>
struct plain_<T&> : plain_<T> {};
template <class T>
using plain = typename plain_<T>::type;

/// A field that becomes a topic: emit<"Paid">(indexed{to}, amount).
template <class T>
struct indexed {
    T value;
};
template <class T>
indexed(T) -> indexed<T>;

/// Within a struct that is an argument, a result or stored: GH_FIELDS(first, second).
#define GH_FIELDS(...)               \
    template <class V>               \
    constexpr auto each(V&& visit) { \
        return visit(__VA_ARGS__);   \
    }

// ---- Signatures at compile time ----

struct signature {
    char text[65] = {};
    uint32_t size = 0;
    constexpr void add(const char* more) {
        for (; *more; ++more) text[size++] = *more;  // Past 64 it does not compile: out of the array's range.
    }
};
template <class T>
constexpr void add_type(signature& s) {
    if constexpr (is_same<T, uint8_t>)
        s.add("u8");
    else if constexpr (is_same<T, uint16_t>)
        s.add("u16");
    else if constexpr (is_same<T, uint32_t>)
        s.add("u32");
    else if constexpr (is_same<T, uint64_t>)
        s.add("u64");
    else if constexpr (is_same<T, u128>)
        s.add("u128");
    else if constexpr (is_same<T, int32_t>)
        s.add("i32");
    else if constexpr (is_same<T, int64_t>)
        s.add("i64");
    else if constexpr (is_same<T, bool>)
        s.add("bool");
    else if constexpr (is_same<T, address>)
        s.add("address");
    else if constexpr (is_same<T, hash>)
        s.add("bytes32");
    else if constexpr (is_same<T, bytes>)
        s.add("bytes");
    else if constexpr (is_same<T, string>)
        s.add("string");
    else if constexpr (!__is_class(T))
        static_assert(sizeof(T) == 0,
                      "contracts exchange uint8_t to uint64_t, int32_t, int64_t, bool, u128, address, hash, bytes, "
                      "string and structs with GH_FIELDS; no floats, size_t, long, pointers");
    else {
        s.add("(");
        T{}.each([&s]<class... F>(F&...) {
            bool is_first = true;
            ((s.add(is_first ? "" : ","), is_first = false, add_type<plain<F>>(s)), ...);
        });
        s.add(")");
    }
}
template <class T>
constexpr void add_type_of(signature& s, const indexed<T>*) {
    add_type<T>(s);
}
template <class T>
constexpr void add_type_of(signature& s, const T*) {
    add_type<T>(s);
}
template <class... A>
consteval signature signature_of(const char* name) {
    signature s;
    s.add(name);
    s.add("(");
    bool is_first = true;
    ((s.add(is_first ? "" : ","), is_first = false, add_type_of(s, static_cast<const plain<A>*>(nullptr))), ...);
    s.add(")");
    return s;
}
template <class... A>
consteval gh_hash_words topic_of(const char* name) {
    const auto s = signature_of<A...>(name);
    return gh_blake3_block(s.text, s.size);
}
template <class R, class... A>
consteval uint32_t selector_of(R (*)(A...), const char* name) {
    return topic_of<A...>(name).word[0];
}
/// A name as a template argument.
template <size_t N>
struct literal {
    char text[N];
    consteval literal(const char (&from)[N]) {
        for (size_t i = 0; i < N; ++i) text[i] = from[i];
    }
};

// ---- Values ----

template <class T>
void put(gh_buf& out, const T& value) {
    if constexpr (is_same<T, bool>)
        gh_put_bool(&out, value);
    else if constexpr (is_same<T, bytes> || is_same<T, string>)
        gh_put_bytes(&out, value.data, value.size);
    else if constexpr (requires(T t) { t.each([](auto&...) {}); })
        T{value}.each([&out](auto&... field) { (put(out, field), ...); });
    else {
        static_assert(__has_unique_object_representations(T), "a struct has padding: name its fields with GH_FIELDS");
        gh_put_raw(&out, &value, sizeof value);
    }
}
template <class T>
T get(gh_view& in) {
    if constexpr (is_same<T, bool>)
        return gh_get_bool(&in);
    else if constexpr (is_same<T, bytes> || is_same<T, string>)
        return T{gh_get_bytes(&in)};
    else if constexpr (requires(T t) { t.each([](auto&...) {}); }) {
        T value{};
        value.each([&in](auto&... field) { ((field = get<plain<decltype(field)>>(in)), ...); });
        return value;
    } else {
        T value;
        memcpy(&value, gh_take(&in, sizeof value), sizeof value);
        return value;
    }
}

// ---- Storage ----

template <class T>
T load(gh_key key) {
    gh_view stored = gh_load_bytes(key);
    if (!stored.data) return T{};
    T value = get<T>(stored);
    if (stored.size) gh_panic(GH_PANIC_STORAGE);
    return value;
}
template <class T>
void store(gh_key key, const T& value) {
    gh_buf out{};
    put(out, value);
    gh_store(key, out.data, out.size);
}

/// One value under a name. Reading what was never set gives T{}.
template <class T>
class slot {
 public:
    template <size_t N>
    consteval slot(const char (&name)[N]) : name_{name}, size_{N - 1} {}
    T get() const { return load<T>(key()); }
    operator T() const { return get(); }
    void set(const T& value) const { store(key(), value); }
    bool exists() const { return gh_has(key()); }
    void clear() const { gh_clear(key()); }

 private:
    gh_key key() const { return gh_key_of(name_, size_); }
    const char* name_;
    uint32_t size_;
};

/// Values under keys, encoded as arguments are: the padding of a struct is no part of its key. End the name with '/'.
template <class K, class V>
class map {
 public:
    template <size_t N>
    consteval map(const char (&name)[N]) : name_{name}, size_{N - 1} {}
    V get(const K& k) const { return load<V>(key(k)); }
    void set(const K& k, const V& value) const { store(key(k), value); }
    bool has(const K& k) const { return gh_has(key(k)); }
    void clear(const K& k) const { gh_clear(key(k)); }

 private:
    gh_key key(const K& k) const {
        gh_buf key{};
        gh_put_raw(&key, name_, size_);
        put(key, k);
        if (key.size > GH_KEY_MAX) gh_panic(GH_PANIC_STORAGE);
        return {key.data, key.size};
    }
    const char* name_;
    uint32_t size_;
};

// ---- Events, errors, calls ----

template <class T>
void put_field(gh_event& e, const indexed<T>& field) {
    gh_buf encoded{};
    put(encoded, field.value);
    if constexpr (is_same<T, bytes> || is_same<T, string>)
        gh_topic_hash(&e, gh_blake3(gh_view_of(&encoded)));
    else
        gh_topic_raw(&e, encoded.data, encoded.size);
}
template <class T>
void put_field(gh_event& e, const T& field) {
    put(e.data, field);
}
/// emit<"Transfer">(indexed{from}, indexed{to}, amount)
template <literal name, class... A>
void emit(const A&... fields) {
    constexpr auto topic = topic_of<A...>(name.text);
    gh_event e = gh_event_of(topic);
    (put_field(e, fields), ...);
    gh_emit(&e);
}
/// fail<"TooLow">(have, need): reverts with an error of the schema.
template <literal name, class... A>
[[noreturn]] void fail(const A&... fields) {
    constexpr auto topic = topic_of<A...>(name.text);
    gh_buf out = gh_buf_with(topic.word[0]);
    (put(out, fields), ...);
    gh_fail(&out);
}
/// call<"balance_of", u128>(token, who): another contract's method; its error becomes ours.
template <literal name, class R = void, class... A>
R call(const address& to, const A&... arguments) {
    constexpr auto topic = topic_of<A...>(name.text);
    gh_buf in = gh_buf_with(topic.word[0]);
    (put(in, arguments), ...);
    gh_view out = gh_call(to, &in);
    if constexpr (!is_same<R, void>) {
        R result = get<R>(out);
        gh_get_end(&out);
        return result;
    }
}

// ---- Methods ----

template <class R, class... A>
struct invoke {
    // Braces evaluate in order, which a call's parentheses do not promise.
    template <class... V>
    invoke(R (*function)(A...), const V&... values) {
        if constexpr (is_same<R, void>) {
            function(values...);
        } else {
            gh_buf out{};
            put(out, function(values...));
            gh_return(&out);
        }
    }
};
template <class R, class... A>
void run(R (*function)(A...)) {
    invoke<R, A...>{function, get<plain<A>>(gh_args)...};
}

}  // namespace ghost

#define GH_DO_(function, check)                                                                               \
    {                                                                                                         \
        constexpr uint32_t wanted = ghost::selector_of(static_cast<decltype(&function)>(nullptr), #function); \
        GH_ON_(!gh_is_payment && gh_selector == wanted, check, [] { ghost::run(&function); })                 \
    }
/// In GH_CALLS: a function as the method of its name; arguments and result by its types.
#define GH_DO(function) GH_DO_(function, gh_refuse_value())
#define GH_DO_PAYABLE(function) GH_DO_(function, (void)0)
