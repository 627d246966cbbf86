// Loads arbitrary TOML into a schema with every kind of field; what loads must be writable and load to the same again.
#include "base/config.hpp"

namespace {

struct Item {
    std::string name;
    std::uint64_t weight = 1;
};

struct Config {
    bool flag = false;
    std::string text = "t";
    std::string choice = "a";
    double ratio = 0.5;
    std::int64_t offset = 0;
    std::uint16_t port = 1;
    std::vector<std::string> names;
    std::vector<std::uint64_t> numbers;
    std::int64_t inner = 3;
    std::vector<Item> items;
};

base::ConfigSchema schema_of(Config& config) {
    base::ConfigSchema inner{"inner"};
    inner.field("inner", config.inner, "doc", {.min = -10, .max = 10});
    base::ConfigSchema schema{"doc"};
    schema.field("flag", config.flag, "doc")
        .field("text", config.text, "doc")
        .field("choice", config.choice, "doc", {"a", "b"})
        .field("ratio", config.ratio, "doc")
        .field("offset", config.offset, "doc")
        .field("port", config.port, "doc")
        .field("names", config.names, "doc")
        .field("numbers", config.numbers, "doc", {.max = 100})
        .table("table", std::move(inner))
        .list("items", config.items, "doc", [](Item& item) {
            base::ConfigSchema each;
            each.field("name", item.name, "doc").field("weight", item.weight, "doc");
            return each;
        });
    return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Config config;
    auto schema = schema_of(config);
    if (!schema.load_text({reinterpret_cast<const char*>(data), size}, "fuzz.toml")) return 0;
    const auto written = schema.to_toml();
    Config again;
    auto second = schema_of(again);
    const auto loaded = second.load_text(written, "written.toml");
    GC_ASSERT(loaded.has_value());
    GC_ASSERT(second.to_toml() == written);
    return 0;
}
