#include "base/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <variant>

#include "base/file.hpp"

namespace base {
namespace {

constexpr std::size_t kShownMax = 64;  ///< Characters of a key or value that an error repeats.

/// What a person typed, safe to show on a terminal.
std::string shown(std::string_view text) {
    std::string out{text.substr(0, kShownMax)};
    for (auto& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text.size() > kShownMax ? out + "..." : out;
}

std::string_view type_name(toml::node_type type) noexcept {
    switch (type) {
        case toml::node_type::none: return "nothing";
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "a list";
        case toml::node_type::string: return "text";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a decimal number";
        case toml::node_type::boolean: return "true or false";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
    }
    return "something else";
}

/// Levenshtein distance; both texts are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

/// A TOML basic string.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string decimal(double value) {
    auto text = fmt::format("{}", value);
    if (text.find_first_of(".einf") == std::string::npos) text += ".0";  // TOML tells 1 and 1.0 apart
    return text;
}

void append_comment(std::string& out, std::string_view doc) {
    while (!doc.empty()) {
        const auto end = std::min(doc.find('\n'), doc.size());
        out += "# ";
        out += doc.substr(0, end);
        out += '\n';
        doc.remove_prefix(std::min(end + 1, doc.size()));
    }
}

using Target = std::variant<bool*, std::string*, double*, std::int64_t*, std::uint64_t*, std::uint32_t*, std::uint16_t*,
                            std::vector<std::string>*, std::vector<std::uint64_t>*>;

}  // namespace

struct ConfigSchema::Entry {
    std::string key;
    std::string doc;
    std::optional<Target> target;  ///< A value; else `nested` or a list.
    IntegerRange range;
    std::vector<std::string> choices;
    std::unique_ptr<ConfigSchema> nested;
    std::function<void()> clear;
    std::function<ConfigSchema()> append;
    std::function<std::vector<ConfigSchema>()> all;
    std::function<Example()> example;

    [[nodiscard]] std::string value_text() const;
};

ConfigSchema::ConfigSchema(std::string doc) : doc_{std::move(doc)} {}
ConfigSchema::~ConfigSchema() = default;
ConfigSchema::ConfigSchema(ConfigSchema&&) noexcept = default;
ConfigSchema& ConfigSchema::operator=(ConfigSchema&&) noexcept = default;

ConfigSchema& ConfigSchema::add(Entry entry) {
    const auto is_bare = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    GC_ASSERT(!entry.key.empty() && std::ranges::all_of(entry.key, is_bare));
    GC_ASSERT(std::ranges::none_of(entries_, [&](const Entry& known) { return known.key == entry.key; }));
    entries_.push_back(std::move(entry));
    return *this;
}

namespace {

IntegerRange within(IntegerRange range, std::int64_t min, std::int64_t max) noexcept {
    return {.min = std::max(range.min, min), .max = std::min(range.max, max)};
}

}  // namespace

ConfigSchema& ConfigSchema::field(std::string key, bool& target, std::string doc) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target});
}
ConfigSchema& ConfigSchema::field(std::string key, std::string& target, std::string doc) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target});
}
ConfigSchema& ConfigSchema::field(std::string key, std::string& target, std::string doc,
                                  std::vector<std::string> choices) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .choices = std::move(choices)});
}
ConfigSchema& ConfigSchema::field(std::string key, double& target, std::string doc) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target});
}
ConfigSchema& ConfigSchema::field(std::string key, std::int64_t& target, std::string doc, IntegerRange range) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .range = range});
}
ConfigSchema& ConfigSchema::field(std::string key, std::uint64_t& target, std::string doc, IntegerRange range) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .range = within(range, 0, range.max)});
}
ConfigSchema& ConfigSchema::field(std::string key, std::uint32_t& target, std::string doc, IntegerRange range) {
    const auto bounds = within(range, 0, std::numeric_limits<std::uint32_t>::max());
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .range = bounds});
}
ConfigSchema& ConfigSchema::field(std::string key, std::uint16_t& target, std::string doc, IntegerRange range) {
    const auto bounds = within(range, 0, std::numeric_limits<std::uint16_t>::max());
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .range = bounds});
}
ConfigSchema& ConfigSchema::field(std::string key, std::vector<std::string>& target, std::string doc) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target});
}
ConfigSchema& ConfigSchema::field(std::string key, std::vector<std::uint64_t>& target, std::string doc,
                                  IntegerRange range) {
    return add({.key = std::move(key), .doc = std::move(doc), .target = &target, .range = within(range, 0, range.max)});
}
ConfigSchema& ConfigSchema::table(std::string key, ConfigSchema nested) {
    auto doc = nested.doc_;
    return add(
        {.key = std::move(key), .doc = std::move(doc), .nested = std::make_unique<ConfigSchema>(std::move(nested))});
}
ConfigSchema& ConfigSchema::list_of(std::string key, std::string doc, std::function<void()> clear,
                                    std::function<ConfigSchema()> append,
                                    std::function<std::vector<ConfigSchema>()> all, std::function<Example()> example) {
    return add({.key = std::move(key),
                .doc = std::move(doc),
                .clear = std::move(clear),
                .append = std::move(append),
                .all = std::move(all),
                .example = std::move(example)});
}

/// One pass over a parsed document; knows where it is, for the errors.
struct ConfigSchema::Loader {
    const std::string& source;

    [[nodiscard]] std::unexpected<Diagnostic> refuse(const toml::source_region& at, const std::string& text) const {
        return explain(Errc::invalid_argument, fmt::format("{}:{}: {}", source, at.begin.line, text));
    }
    [[nodiscard]] std::unexpected<Diagnostic> wrong_type(const toml::node& node, const std::string& path,
                                                         std::string_view wanted) const {
        return refuse(node.source(), fmt::format("\"{}\" must be {}, not {}", path, wanted, type_name(node.type())));
    }

    Checked<void> load(ConfigSchema& schema, const toml::table& table, const std::string& prefix) const;
    [[nodiscard]] std::string advice(const ConfigSchema& schema, std::string_view key) const;
    Checked<void> load_entry(const Entry& entry, const toml::node& node, const std::string& path) const;
    Checked<void> load_list(const Entry& entry, const toml::node& node, const std::string& path) const;
    Checked<std::int64_t> integer(const Entry& entry, const toml::node& node, const std::string& path) const;
    Checked<std::string> text(const Entry& entry, const toml::node& node, const std::string& path) const;
    Checked<const toml::array*> array(const toml::node& node, const std::string& path, std::string_view wanted) const;

    Checked<void> set(bool& target, const Entry&, const toml::node& node, const std::string& path) const {
        if (!node.is_boolean()) return wrong_type(node, path, "true or false");
        target = **node.as_boolean();
        return {};
    }
    Checked<void> set(double& target, const Entry&, const toml::node& node, const std::string& path) const {
        if (!node.is_number()) return wrong_type(node, path, "a number");
        target = *node.value<double>();
        return {};
    }
    Checked<void> set(std::string& target, const Entry& entry, const toml::node& node, const std::string& path) const {
        GC_TRY(target, text(entry, node, path));
        return {};
    }
    template <std::integral T>
    Checked<void> set(T& target, const Entry& entry, const toml::node& node, const std::string& path) const {
        GC_TRY(const auto value, integer(entry, node, path));
        target = static_cast<T>(value);  // within the range of T: field() saw to it
        return {};
    }
    Checked<void> set(std::vector<std::string>& target, const Entry& entry, const toml::node& node,
                      const std::string& path) const {
        GC_TRY(const auto* const list, array(node, path, "a list of text"));
        std::vector<std::string> values;
        for (const auto& element : *list) {
            GC_TRY(auto value, text(entry, element, fmt::format("{}[{}]", path, values.size())));
            values.push_back(std::move(value));
        }
        target = std::move(values);
        return {};
    }
    Checked<void> set(std::vector<std::uint64_t>& target, const Entry& entry, const toml::node& node,
                      const std::string& path) const {
        GC_TRY(const auto* const list, array(node, path, "a list of integers"));
        std::vector<std::uint64_t> values;
        for (const auto& element : *list) {
            GC_TRY(const auto value, integer(entry, element, fmt::format("{}[{}]", path, values.size())));
            values.push_back(static_cast<std::uint64_t>(value));
        }
        target = std::move(values);
        return {};
    }
};

std::string ConfigSchema::Loader::advice(const ConfigSchema& schema, std::string_view key) const {
    const Entry* nearest = nullptr;
    std::size_t least = 0;
    const auto typed = key.substr(0, kShownMax);
    for (const auto& entry : schema.entries_) {
        const auto away = distance(typed, entry.key);
        if (!nearest || away < least) {
            nearest = &entry;
            least = away;
        }
    }
    if (!nearest) return "";
    if (least <= 1 + nearest->key.size() / 3) return fmt::format(" (did you mean \"{}\"?)", nearest->key);
    std::string known;
    for (const auto& entry : schema.entries_) known += (known.empty() ? "" : ", ") + entry.key;
    return fmt::format(" (known here: {})", known);
}

Checked<void> ConfigSchema::Loader::load(ConfigSchema& schema, const toml::table& table,
                                         const std::string& prefix) const {
    for (const auto& [key, node] : table) {
        const auto entry = std::ranges::find(schema.entries_, key.str(), &Entry::key);
        const auto path = prefix.empty() ? shown(key.str()) : prefix + '.' + shown(key.str());
        if (entry == schema.entries_.end())
            return refuse(key.source(), fmt::format("unknown key \"{}\"{}", path, advice(schema, key.str())));
        GC_CHECK(load_entry(*entry, node, path));
    }
    return {};
}

Checked<void> ConfigSchema::Loader::load_entry(const Entry& entry, const toml::node& node,
                                               const std::string& path) const {
    if (entry.target) return std::visit([&](auto* target) { return set(*target, entry, node, path); }, *entry.target);
    if (entry.append) return load_list(entry, node, path);
    if (!node.is_table()) return wrong_type(node, path, fmt::format("a table: [{}]", path));
    return load(*entry.nested, *node.as_table(), path);
}

Checked<void> ConfigSchema::Loader::load_list(const Entry& entry, const toml::node& node,
                                              const std::string& path) const {
    const auto wanted = fmt::format("a list of tables: [[{}]]", path);
    GC_TRY(const auto* const list, array(node, path, wanted));
    entry.clear();
    std::size_t index = 0;
    for (const auto& element : *list) {
        if (!element.is_table()) return wrong_type(element, path, wanted);
        auto schema = entry.append();
        GC_CHECK(load(schema, *element.as_table(), fmt::format("{}[{}]", path, index++)));
    }
    return {};
}

Checked<const toml::array*> ConfigSchema::Loader::array(const toml::node& node, const std::string& path,
                                                        std::string_view wanted) const {
    const auto* const list = node.as_array();
    if (!list) return wrong_type(node, path, wanted);
    if (list->size() > kConfigListMax)
        return refuse(node.source(), fmt::format("\"{}\" has more than {} entries", path, kConfigListMax));
    return list;
}

Checked<std::int64_t> ConfigSchema::Loader::integer(const Entry& entry, const toml::node& node,
                                                    const std::string& path) const {
    if (!node.is_integer()) return wrong_type(node, path, "an integer");
    const auto value = node.as_integer()->get();
    if (value >= entry.range.min && value <= entry.range.max) return value;
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    const auto bounds = entry.range.max == kMax ? fmt::format("at least {}", entry.range.min)
                                                : fmt::format("from {} to {}", entry.range.min, entry.range.max);
    auto refused = refuse(node.source(), fmt::format("\"{}\" must be {}, not {}", path, bounds, value));
    refused.error().error = fail(Errc::out_of_range).error();
    return refused;
}

Checked<std::string> ConfigSchema::Loader::text(const Entry& entry, const toml::node& node,
                                                const std::string& path) const {
    if (!node.is_string()) return wrong_type(node, path, "text");
    const auto& value = node.as_string()->get();
    if (entry.choices.empty() || std::ranges::find(entry.choices, value) != entry.choices.end()) return value;
    std::string choices;
    for (const auto& choice : entry.choices) choices += (choices.empty() ? "" : ", ") + choice;
    return refuse(node.source(), fmt::format("\"{}\" must be one of {}, not \"{}\"", path, choices, shown(value)));
}

Checked<void> ConfigSchema::load_text(std::string_view toml, const std::string& source) {
    if (toml.size() > kConfigSizeMax)
        return explain(Errc::out_of_range, fmt::format("{} is larger than {} bytes", source, kConfigSizeMax));
    try {
        const auto document = toml::parse(toml, source);
        return Loader{source}.load(*this, document, "");
    } catch (const toml::parse_error& error) {
        return explain(Errc::invalid_argument,
                       fmt::format("{}:{}: {}", source, error.source().begin.line, shown(error.description())));
    }
}

Checked<void> ConfigSchema::load_file(const std::string& path) {
    GC_TRY(const auto text, read_text_file(path, kConfigSizeMax));
    return load_text(text, path);
}

std::string ConfigSchema::Entry::value_text() const {
    struct Writer {
        std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
        std::string operator()(const std::string* value) const { return quoted(*value); }
        std::string operator()(const double* value) const { return decimal(*value); }
        std::string operator()(const std::int64_t* value) const { return std::to_string(*value); }
        std::string operator()(const std::uint64_t* value) const {
            GC_ASSERT(*value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));  // TOML's limit
            return std::to_string(*value);
        }
        std::string operator()(const std::uint32_t* value) const { return std::to_string(*value); }
        std::string operator()(const std::uint16_t* value) const { return std::to_string(*value); }
        std::string operator()(const std::vector<std::string>* values) const {
            std::string out;
            for (const auto& value : *values) out += (out.empty() ? "" : ", ") + quoted(value);
            return '[' + out + ']';
        }
        std::string operator()(const std::vector<std::uint64_t>* values) const {
            std::string out;
            for (const auto value : *values) out += (out.empty() ? "" : ", ") + std::to_string(value);
            return '[' + out + ']';
        }
    };
    auto text = std::visit(Writer{}, *target);
    if (!choices.empty()) {
        text += "  # one of:";
        for (const auto& choice : choices) text += ' ' + choice;
    }
    return text;
}

std::string ConfigSchema::to_toml() const {
    std::string out;
    append_comment(out, doc_);
    write(out, "");
    return out;
}

void ConfigSchema::write(std::string& out, const std::string& prefix) const {
    const auto begin = [&](const std::string& doc) {
        if (!out.empty() && !out.ends_with("\n\n")) out += '\n';
        append_comment(out, doc);
    };
    // Values first: in TOML, what follows a table's header belongs to that table.
    for (const auto& entry : entries_) {
        if (!entry.target) continue;
        begin(entry.doc);
        out += entry.key + " = " + entry.value_text() + '\n';
    }
    for (const auto& entry : entries_) {
        const auto path = prefix.empty() ? entry.key : prefix + '.' + entry.key;
        if (entry.nested) {
            begin(entry.doc);
            out += '[' + path + "]\n";
            entry.nested->write(out, path);
        } else if (entry.all) {
            begin(entry.doc);
            const auto elements = entry.all();
            for (const auto& element : elements) {
                out += "[[" + path + "]]\n";
                element.write(out, path);
            }
            if (!elements.empty()) continue;
            // An empty list is shown as a commented example of one element.
            const auto example = entry.example();
            std::string text = "[[" + path + "]]\n";
            example.second.write(text, path);
            append_comment(out, text);
        }
    }
}

}  // namespace base
