#include "base/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/file.hpp"
#include "base/printable.hpp"

namespace base {
namespace {

constexpr std::size_t kTextMax = 1024;  ///< Of one value; peers write these.
constexpr std::size_t kBytesMax = 64;

constexpr std::string_view kLevelNames[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view kLevelColours[] = {"\x1b[90m", "\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[31m", ""};

/// stderr through write(2): one call a line, so that lines of several threads and processes do not mix.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        auto rest = std::string_view{message.payload.data(), message.payload.size()};
        while (!rest.empty()) {
            const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return;  // a closed terminal must not end the daemon
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void flush_() override {}
};

/// Our lines are complete when they reach spdlog.
class VerbatimFormatter final : public spdlog::formatter {
 public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        out.append(message.payload.data(), message.payload.data() + message.payload.size());
    }
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<VerbatimFormatter>();
    }
};

struct Backend {
    spdlog::sink_ptr sink;
    LogFormat format;
    bool colours;
};

std::atomic<LogLevel> g_level{LogLevel::info};

std::mutex& backend_mutex() {
    static std::mutex mutex;
    return mutex;
}

std::shared_ptr<const Backend>& backend_slot() {
    static std::shared_ptr<const Backend> slot = std::make_shared<Backend>(
        Backend{std::make_shared<StderrSink>(), LogFormat::text, ::isatty(STDERR_FILENO) == 1});
    return slot;
}

std::shared_ptr<const Backend> backend() {
    const std::lock_guard lock{backend_mutex()};
    return backend_slot();
}

/// Escapes so that the text stays on its line, inside its quotes, and cannot reach the terminal's control codes. The
/// result is valid JSON; bytes that are not UTF-8 become U+FFFD in JSON and \xNN in text.
void append_escaped(std::string& out, std::string_view text, LogFormat format) {
    const bool cut = text.size() > kTextMax;
    if (cut) text = text.substr(0, kTextMax);
    while (!text.empty()) {
        const auto [point, size, valid] = next_character(text);
        const auto bytes = text.substr(0, size);
        text.remove_prefix(size);
        if (!valid && format == LogFormat::text) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(bytes[0]));
        } else if (!valid) {
            out += "\xef\xbf\xbd";
        } else if (point == '"' || point == '\\') {
            out += '\\';
            out += bytes;
        } else if (point == '\n') {
            out += "\\n";
        } else if (is_unsafe_character(point)) {
            append_unicode_escape(out, point);
        } else {
            out += bytes;
        }
    }
    if (cut) out += "...";
}

bool needs_quotes(std::string_view text) noexcept {
    if (text.empty() || text.size() > kTextMax) return true;
    for (const char c : text) {
        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return true;
    }
    return false;
}

void append_text(std::string& out, std::string_view text, LogFormat format) {
    const bool quoted = format == LogFormat::json || needs_quotes(text);
    if (quoted) out += '"';
    append_escaped(out, text, format);
    if (quoted) out += '"';
}

void append_time(std::string& out) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    gmtime_r(&now.tv_sec, &utc);
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000);
}

struct Line {
    LogLevel level;
    std::string_view name;
    std::string_view message;
    LogFields fields;
    std::uint64_t suppressed;
};

void append_text_line(std::string& out, const Line& line, bool colours) {
    const auto level = static_cast<std::size_t>(line.level);
    append_time(out);
    out += ' ';
    if (colours) out += kLevelColours[level];
    out += kLevelNames[level];
    if (colours) out += "\x1b[0m";
    out.append(6 - kLevelNames[level].size(), ' ');
    out += line.name;
    out += ": ";
    append_escaped(out, line.message, LogFormat::text);
    const auto begin_field = [&](std::string_view key) {
        out += ' ';
        if (colours) out += "\x1b[2m";
        append_escaped(out, key, LogFormat::text);
        out += '=';
        if (colours) out += "\x1b[0m";
    };
    for (const auto& field : line.fields) {
        begin_field(field.key);
        field.value.append_to(out, LogFormat::text);
    }
    if (line.suppressed) {
        begin_field("suppressed");
        out += std::to_string(line.suppressed);
    }
    out += '\n';
}

void append_json_line(std::string& out, const Line& line) {
    out += R"({"time":")";
    append_time(out);
    out += R"(","level":")";
    out += kLevelNames[static_cast<std::size_t>(line.level)];
    out += R"(","log":)";
    append_text(out, line.name, LogFormat::json);
    out += R"(,"msg":)";
    append_text(out, line.message, LogFormat::json);
    for (const auto& field : line.fields) {
        out += ',';
        append_text(out, field.key, LogFormat::json);
        out += ':';
        field.value.append_to(out, LogFormat::json);
    }
    if (line.suppressed) {
        out += R"(,"suppressed":)";
        out += std::to_string(line.suppressed);
    }
    out += "}\n";
}

}  // namespace

Result<LogLevel> log_level_from_string(std::string_view text) noexcept {
    for (std::size_t i = 0; i < std::size(kLevelNames); ++i) {
        if (text == kLevelNames[i]) return static_cast<LogLevel>(i);
    }
    return fail(Errc::invalid_argument, "log level is trace, debug, info, warn, error or off");
}

std::string_view to_string(LogLevel level) noexcept { return kLevelNames[static_cast<std::size_t>(level)]; }

Result<LogFormat> log_format_from_string(std::string_view text) noexcept {
    if (text == "text") return LogFormat::text;
    if (text == "json") return LogFormat::json;
    return fail(Errc::invalid_argument, "log format is text or json");
}

Checked<void> configure_logging(const LogOptions& options) {
    auto next = std::make_shared<Backend>(Backend{nullptr, options.format, false});
    if (options.file.empty()) {
        next->sink = std::make_shared<StderrSink>();
        next->colours = options.format == LogFormat::text && ::isatty(STDERR_FILENO) == 1;
    } else {
        // Ours first, for the mode and for an errno to report; spdlog then opens what is there.
        const int fd = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0) return explain_errno(errno, "cannot open log file", options.file);
        ::close(fd);
        try {
            next->sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
        } catch (const spdlog::spdlog_ex& refused) {
            return explain(Errc::io_error, std::string{"cannot open log file: "} + refused.what());
        }
    }
    next->sink->set_formatter(std::make_unique<VerbatimFormatter>());
    {
        const std::lock_guard lock{backend_mutex()};
        backend_slot() = std::move(next);
    }
    set_log_level(options.level);
    return {};
}

void set_log_level(LogLevel level) noexcept { g_level.store(level, std::memory_order_relaxed); }

void flush_log() noexcept {
    try {
        backend()->sink->flush();
    } catch (...) {  // a full disk must not end the process
    }
}

void LogValue::append_to(std::string& out, LogFormat format) const {
    const auto end = std::back_inserter(out);
    switch (kind_) {
        case Kind::boolean: out += unsigned_ ? "true" : "false"; return;
        case Kind::signed_number: fmt::format_to(end, "{}", signed_); return;
        case Kind::unsigned_number: fmt::format_to(end, "{}", unsigned_); return;
        case Kind::real:
            if (std::isfinite(real_)) {
                fmt::format_to(end, "{}", real_);
            } else {
                append_text(out, fmt::format("{}", real_), format);  // JSON has no such numbers
            }
            return;
        case Kind::text: append_text(out, text_, format); return;
        case Kind::bytes: {
            auto hex = to_hex(bytes_.first(std::min(bytes_.size(), kBytesMax)));
            if (bytes_.size() > kBytesMax) hex += "...";
            append_text(out, hex, format);
            return;
        }
        case Kind::error: append_text(out, to_string(*error_), format); return;
    }
}

LogLimit::LogLimit(std::uint32_t burst, std::uint64_t interval_ms, const Clock& clock) noexcept
    : clock_{clock}, interval_ns_{interval_ms * 1'000'000}, burst_ns_{interval_ns_ * (burst > 0 ? burst - 1 : 0)} {}

bool LogLimit::allow(std::uint64_t& suppressed) noexcept {
    std::atomic_ref<std::uint32_t> lock{lock_};
    while (lock.exchange(1, std::memory_order_acquire)) {
    }
    const auto now = clock_.now_ns();
    const bool allowed = theoretical_ns_ <= now + burst_ns_;
    if (allowed) {
        theoretical_ns_ = std::max(theoretical_ns_, now) + interval_ns_;
        suppressed = suppressed_;
        suppressed_ = 0;
    } else {
        ++suppressed_;
    }
    lock.store(0, std::memory_order_release);
    return allowed;
}

bool Log::enabled(LogLevel level) noexcept {
    const auto threshold = g_level.load(std::memory_order_relaxed);
    return level >= threshold && level != LogLevel::off;
}

void Log::limited(LogLimit& limit, LogLevel level, std::string_view message, LogFields fields) const {
    if (!enabled(level)) return;
    if (std::uint64_t suppressed = 0; limit.allow(suppressed)) write(level, message, fields, suppressed);
}

void Log::write(LogLevel level, std::string_view message, LogFields fields, std::uint64_t suppressed) const {
    try {
        const auto to = backend();
        const Line line{level, name_, message, fields, suppressed};
        std::string text;
        text.reserve(256);
        if (to->format == LogFormat::json) {
            append_json_line(text, line);
        } else {
            append_text_line(text, line, to->colours);
        }
        to->sink->log({spdlog::source_loc{}, name_, spdlog::level::info, text});
        if (level >= LogLevel::info) to->sink->flush();
    } catch (...) {
        // Logging never ends the process: a full disk loses the line.
    }
}

}  // namespace base
