#pragma once
// TOML configuration bound to plain structs. A daemon declares its fields once; from that come loading with precise
// errors, and the documented default file that is shipped with it.
//
//   struct Config { std::string listen = "[::]:50051"; std::uint64_t block_interval_ms = 250; std::vector<PeerConfig>
//   peers; }; static base::ConfigSchema schema_of(Config& config) {
//       base::ConfigSchema schema{"ghostd, the chain node."};
//       schema.field("listen", config.listen, "Where QUIC listens.");
//       schema.field("block_interval_ms", config.block_interval_ms, "Pause between blocks.", {.min = 10, .max =
//       60'000}); schema.list("peers", config.peers, "Keys that may connect.", [](PeerConfig& peer) { return
//       schema_of(peer); }); return schema;
//   }
//   GC_CHECK(schema_of(config).load_file(path));
//
// Errors read: /etc/ghost/ghostd.toml:3: unknown key "lisen" (did you mean "listen"?)

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace base {

/// Inclusive bounds of a number.
struct IntegerRange {
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

inline constexpr std::size_t kConfigSizeMax = 1u << 20;
inline constexpr std::size_t kConfigListMax = 4096;

class ConfigSchema {
 public:
    /// `doc` becomes the comment above the table (or the file).
    explicit ConfigSchema(std::string doc = {});
    ~ConfigSchema();
    ConfigSchema(ConfigSchema&&) noexcept;
    ConfigSchema& operator=(ConfigSchema&&) noexcept;

    /// Binds `key` to `target`, whose present value is the default. The target must outlive the schema. `doc` is the
    /// comment above the key; it may have several lines. Unsigned targets get a minimum of 0 by themselves, and 32- and
    /// 16-bit ones their type's maximum.
    ConfigSchema& field(std::string key, bool& target, std::string doc);
    ConfigSchema& field(std::string key, std::string& target, std::string doc);
    /// One of `choices`; anything else is an error that lists them.
    ConfigSchema& field(std::string key, std::string& target, std::string doc, std::vector<std::string> choices);
    ConfigSchema& field(std::string key, double& target, std::string doc);
    ConfigSchema& field(std::string key, std::int64_t& target, std::string doc, IntegerRange range = {});
    ConfigSchema& field(std::string key, std::uint64_t& target, std::string doc, IntegerRange range = {});
    ConfigSchema& field(std::string key, std::uint32_t& target, std::string doc, IntegerRange range = {});
    ConfigSchema& field(std::string key, std::uint16_t& target, std::string doc, IntegerRange range = {});
    ConfigSchema& field(std::string key, std::vector<std::string>& target, std::string doc);
    ConfigSchema& field(std::string key, std::vector<std::uint64_t>& target, std::string doc, IntegerRange range = {});
    /// [key]: a nested struct.
    ConfigSchema& table(std::string key, ConfigSchema nested);
    /// [[key]]: a list of structs, replaced as a whole when the file has it. `schema_of` binds one element.
    template <typename T, typename F>
    ConfigSchema& list(std::string key, std::vector<T>& target, std::string doc, F schema_of) {
        return list_of(
            std::move(key), std::move(doc), [&target] { target.clear(); },
            [&target, schema_of] { return schema_of(target.emplace_back()); },
            [&target, schema_of] {
                std::vector<ConfigSchema> all;
                all.reserve(target.size());
                for (auto& element : target) all.push_back(schema_of(element));
                return all;
            },
            [schema_of] {
                auto example = std::make_shared<T>();
                return std::pair<std::shared_ptr<void>, ConfigSchema>{example, schema_of(*example)};
            });
    }

    /// Sets what the text has and leaves the rest at its default. Refuses unknown keys, wrong types, numbers out of
    /// range, malformed TOML; the text names `source` (the file), the line, the key and the fix. On an error some
    /// targets may have changed already: throw the struct away.
    [[nodiscard]] Checked<void> load_text(std::string_view toml, const std::string& source);
    /// load_text of a file of at most kConfigSizeMax bytes.
    [[nodiscard]] Checked<void> load_file(const std::string& path);

    /// The present values as documented TOML: a comment for every key. Of an untouched struct this is the default file.
    [[nodiscard]] std::string to_toml() const;

 private:
    struct Entry;
    struct Loader;
    using Example = std::pair<std::shared_ptr<void>, ConfigSchema>;
    ConfigSchema& list_of(std::string key, std::string doc, std::function<void()> clear,
                          std::function<ConfigSchema()> append, std::function<std::vector<ConfigSchema>()> all,
                          std::function<Example()> example);
    ConfigSchema& add(Entry entry);
    void write(std::string& out, const std::string& prefix) const;
    std::string doc_;
    std::vector<Entry> entries_;
};

}  // namespace base
