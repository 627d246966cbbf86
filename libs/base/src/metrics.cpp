#include "base/metrics.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <variant>

#include "base/clock.hpp"
#include "base/file.hpp"

namespace base {
namespace {

enum Type : int { kCounter, kGauge, kHistogram, kCallbackGauge, kCallbackCounter };

const char* type_name(int type) noexcept {
    switch (static_cast<Type>(type)) {
        case kCounter:
        case kCallbackCounter: return "counter";
        case kGauge:
        case kCallbackGauge: return "gauge";
        case kHistogram: return "histogram";
    }
    return "untyped";
}

/// [a-zA-Z_:][a-zA-Z0-9_:]*, for labels without the colon.
bool is_name(std::string_view text, bool colon) noexcept {
    const auto good = [&](char c, bool first) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
               (!first && c >= '0' && c <= '9');
    };
    if (text.empty() || !good(text[0], true)) return false;
    return std::ranges::all_of(text.substr(1), [&](char c) { return good(c, false); });
}

/// HELP escapes backslash and newline; label values the quote as well.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (quotes && c == '"') {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

/// {a="1",b="2"}, or nothing.
std::string render_labels(const MetricLabels& labels) {
    std::string out;
    for (const auto& [key, value] : labels) {
        out += out.empty() ? '{' : ',';
        out += key;
        out += "=\"";
        append_escaped(out, value, true);
        out += '"';
    }
    if (!out.empty()) out += '}';
    return out;
}

std::string with_label(const std::string& labels, std::string_view extra) {
    if (labels.empty()) return fmt::format("{{{}}}", extra);
    return fmt::format("{},{}}}", std::string_view{labels}.substr(0, labels.size() - 1), extra);
}

struct ProcessStat {
    double cpu_seconds = 0;
    double threads = 0;
    double start_seconds = 0;
};

/// proc_pid_stat(5), counted from the state field behind the command's closing parenthesis.
ProcessStat read_process_stat() {
    ProcessStat out;
    const auto text = read_text_file("/proc/self/stat", 4096);
    if (!text) return out;
    const auto close = text->rfind(')');
    if (close == std::string::npos) return out;
    std::string_view rest{*text};
    rest.remove_prefix(close + 1);
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    for (int field = 3; !rest.empty(); ++field) {
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        const auto word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(word.size());
        double value = 0;
        std::from_chars(word.data(), word.data() + word.size(), value);
        if (field == 14 || field == 15) out.cpu_seconds += value / ticks;
        if (field == 20) out.threads = value;
        if (field == 22) out.start_seconds = value / ticks;
    }
    return out;
}

double resident_bytes() {
    const auto text = read_text_file("/proc/self/statm", 4096);
    if (!text) return 0;
    const auto space = text->find(' ');
    std::uint64_t pages = 0;
    if (space != std::string::npos) std::from_chars(text->data() + space + 1, text->data() + text->size(), pages);
    return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
    DIR* const folder = ::opendir("/proc/self/fd");
    if (!folder) return 0;
    int count = -3;  // ".", "..", and the folder's own descriptor
    while (::readdir(folder)) ++count;
    ::closedir(folder);
    return count;
}

/// Unix seconds at which the process started: now, less the time since boot that its start lies back.
double start_time_seconds() {
    timespec boot{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    const double uptime = static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9;
    return static_cast<double>(system_clock().unix_ms()) / 1000 - (uptime - read_process_stat().start_seconds);
}

}  // namespace

struct MetricsRegistry::Series {
    explicit Series(std::string rendered) : labels{std::move(rendered)} {}
    std::string labels;  ///< As rendered.
    std::variant<std::monostate, std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>,
                 std::function<double()>>
        value;
};

struct MetricsRegistry::Family {
    std::string name;
    std::string help;
    int type;
    std::vector<std::unique_ptr<Series>> series;
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_{std::move(bounds)}, buckets_{new std::atomic<std::uint64_t>[bounds_.size() + 1]} {
    GC_ASSERT(std::ranges::is_sorted(bounds_));
    for (std::size_t i = 0; i <= bounds_.size(); ++i) buckets_[i] = 0;
}

void Histogram::observe(double value) noexcept {
    const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();  // "le": a bound belongs to its bucket
    buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const noexcept {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) total += buckets_[i].load(std::memory_order_relaxed);
    return total;
}

std::vector<double> latency_bounds_seconds() {
    return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::MetricsRegistry(MetricLabels common) : common_{std::move(common)} {}
MetricsRegistry::~MetricsRegistry() = default;

MetricsRegistry::Series& MetricsRegistry::series(std::string_view name, std::string_view help, int type,
                                                 MetricLabels labels) {
    GC_ASSERT(is_name(name, true));
    labels.insert(labels.begin(), common_.begin(), common_.end());
    for (const auto& [key, value] : labels) GC_ASSERT(is_name(key, false) && key != "le");
    auto rendered = render_labels(labels);
    const auto named = [&](const auto& family) { return family->name == name; };
    auto family = std::ranges::find_if(families_, named);
    if (family == families_.end()) {
        families_.push_back(std::make_unique<Family>(Family{std::string{name}, std::string{help}, type, {}}));
        family = std::prev(families_.end());
    }
    GC_ASSERT((*family)->type == type);
    for (const auto& each : (*family)->series) {
        if (each->labels == rendered) return *each;
    }
    return *(*family)->series.emplace_back(std::make_unique<Series>(std::move(rendered)));
}

Counter& MetricsRegistry::counter(std::string_view name, std::string_view help, MetricLabels labels) {
    const std::lock_guard lock{mutex_};
    auto& value = series(name, help, kCounter, std::move(labels)).value;
    if (value.index() == 0) value = std::make_unique<Counter>();
    return *std::get<std::unique_ptr<Counter>>(value);
}

Gauge& MetricsRegistry::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
    const std::lock_guard lock{mutex_};
    auto& value = series(name, help, kGauge, std::move(labels)).value;
    if (value.index() == 0) value = std::make_unique<Gauge>();
    return *std::get<std::unique_ptr<Gauge>>(value);
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                                      MetricLabels labels) {
    const std::lock_guard lock{mutex_};
    auto& value = series(name, help, kHistogram, std::move(labels)).value;
    if (value.index() == 0) value = std::make_unique<Histogram>(std::move(bounds));
    return *std::get<std::unique_ptr<Histogram>>(value);
}

void MetricsRegistry::gauge_from(std::string_view name, std::string_view help, MetricLabels labels,
                                 std::function<double()> read) {
    const std::lock_guard lock{mutex_};
    series(name, help, kCallbackGauge, std::move(labels)).value = std::move(read);
}

void MetricsRegistry::add_process_metrics() {
    gauge_from("process_resident_memory_bytes", "Resident memory size in bytes.", {}, &resident_bytes);
    gauge_from("process_open_fds", "Number of open file descriptors.", {}, &open_descriptors);
    gauge_from("process_max_fds", "Maximum number of open file descriptors.", {}, [] {
        rlimit limit{};
        return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0.0;
    });
    gauge_from("process_threads", "Number of threads.", {}, [] { return read_process_stat().threads; });
    gauge_from("process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.", {},
               [start = start_time_seconds()] { return start; });
    const std::lock_guard lock{mutex_};
    series("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", kCallbackCounter, {})
        .value = std::function<double()>{[] { return read_process_stat().cpu_seconds; }};
}

std::string MetricsRegistry::render() const {
    std::string out;
    const auto line = [&](std::string_view name, std::string_view suffix, std::string_view labels,
                          std::string_view value) {
        fmt::format_to(std::back_inserter(out), "{}{}{} {}\n", name, suffix, labels, value);
    };
    const std::lock_guard lock{mutex_};
    for (const auto& family : families_) {
        out += "# HELP " + family->name + ' ';
        append_escaped(out, family->help, false);
        out += "\n# TYPE " + family->name + ' ' + type_name(family->type) + '\n';
        for (const auto& each : family->series) {
            const auto& value = each->value;
            if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&value)) {
                line(family->name, "", each->labels, std::to_string((*counter)->value()));
            } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&value)) {
                line(family->name, "", each->labels, std::to_string((*gauge)->value()));
            } else if (const auto* read = std::get_if<std::function<double()>>(&value)) {
                line(family->name, "", each->labels, number((*read)()));
            } else if (const auto* slot = std::get_if<std::unique_ptr<Histogram>>(&value)) {
                const auto& histogram = **slot;
                std::uint64_t cumulative = 0;
                for (std::size_t i = 0; i <= histogram.bounds_.size(); ++i) {
                    cumulative += histogram.buckets_[i].load(std::memory_order_relaxed);
                    const bool last = i == histogram.bounds_.size();
                    const auto le = fmt::format("le=\"{}\"", last ? "+Inf" : number(histogram.bounds_[i]));
                    line(family->name, "_bucket", with_label(each->labels, le), std::to_string(cumulative));
                }
                line(family->name, "_sum", each->labels, number(histogram.sum()));
                line(family->name, "_count", each->labels, std::to_string(cumulative));
            }
        }
    }
    return out;
}

}  // namespace base
