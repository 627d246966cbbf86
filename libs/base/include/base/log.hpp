#pragma once
// Structured logging: a message that never varies, plus fields that do.
//
//   const base::Log log{"ghostd"};
//   log.info("block committed", {{"height", height}, {"txs", count}});
//
// text:  2026-01-02T03:04:05.678Z info  ghostd: block committed height=7 txs=12
// json:  {"time":"2026-01-02T03:04:05.678Z","level":"info","log":"ghostd","msg":"block committed","height":7,"txs":12}
//
// Values are escaped: text from a peer can neither break the line nor reach the terminal as control codes.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/u128.hpp"

namespace base {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { text, json };

/// "trace", "debug", "info", "warn", "error", "off".
Result<LogLevel> log_level_from_string(std::string_view text) noexcept;
std::string_view to_string(LogLevel level) noexcept;
/// "text" or "json".
Result<LogFormat> log_format_from_string(std::string_view text) noexcept;

struct LogOptions {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    std::string file;  ///< Appended to (mode 0600 when new); empty is stderr. Colours only on a terminal.
};
/// Sets where the process logs. Until then: info, text, stderr. A file that cannot be opened is an error that names it
/// and leaves the old setting. Thread-safe; affects every Log.
Checked<void> configure_logging(const LogOptions& options);
/// Only the level. Thread-safe.
void set_log_level(LogLevel level) noexcept;
/// Writes out what is buffered; call before ending the process abnormally.
void flush_log() noexcept;

/// One value of a field. Borrows text and bytes for the duration of the call.
class LogValue {
 public:
    LogValue(bool value) noexcept : kind_{Kind::boolean}, unsigned_{value} {}
    template <std::signed_integral T>
    LogValue(T value) noexcept : kind_{Kind::signed_number}, signed_{value} {}
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool> && sizeof(T) <= 8)
    LogValue(T value) noexcept : kind_{Kind::unsigned_number}, unsigned_{value} {}
    LogValue(double value) noexcept : kind_{Kind::real}, real_{value} {}
    LogValue(std::string_view value) noexcept : kind_{Kind::text}, text_{value} {}
    LogValue(const std::string& value) noexcept : LogValue{std::string_view{value}} {}
    LogValue(const char* value) noexcept : LogValue{std::string_view{value ? value : ""}} {}
    LogValue(ByteView value) noexcept : kind_{Kind::bytes}, bytes_{value} {}  ///< Hexadecimal, the first 64 bytes.
    LogValue(const Bytes& value) noexcept : LogValue{ByteView{value}} {}
    template <std::size_t N>
    LogValue(const FixedBytes<N>& value) noexcept : LogValue{ByteView{value}} {}
    LogValue(const Error& value) noexcept : kind_{Kind::error}, error_{&value} {}  ///< "domain: description (note)".
    LogValue(const Diagnostic& value) noexcept : LogValue{std::string_view{value.text}} {}

    void append_to(std::string& out, LogFormat format) const;

 private:
    enum class Kind : std::uint8_t { boolean, signed_number, unsigned_number, real, text, bytes, error };
    Kind kind_;
    union {
        std::int64_t signed_;
        std::uint64_t unsigned_;
        double real_;
        std::string_view text_;
        ByteView bytes_;
        const Error* error_;
    };
};

struct LogField {
    std::string_view key;  ///< [a-z0-9_.]
    LogValue value;
};
using LogFields = std::initializer_list<LogField>;

/// At most `burst` lines, then one each `interval_ms`; lines left out are counted and the next one says
/// `suppressed=N`. One object a call site. Thread-safe. The clock must outlive it.
class LogLimit {
 public:
    explicit LogLimit(std::uint32_t burst = 10, std::uint64_t interval_ms = 1000,
                      const Clock& clock = system_clock()) noexcept;
    /// Whether to log now; then `suppressed` is how many were left out since the last one.
    bool allow(std::uint64_t& suppressed) noexcept;

 private:
    const Clock& clock_;
    std::uint64_t interval_ns_;
    std::uint64_t burst_ns_;
    std::uint64_t theoretical_ns_ = 0;  // virtual scheduling (GCRA): one number instead of a bucket
    std::uint64_t suppressed_ = 0;
    std::uint32_t lock_ = 0;
};

/// A named source of lines. Cheap to copy; costs one atomic load when the level is off. Thread-safe.
class Log {
 public:
    explicit Log(std::string_view name) : name_{name} {}

    void trace(std::string_view message, LogFields fields = {}) const { write_if(LogLevel::trace, message, fields); }
    void debug(std::string_view message, LogFields fields = {}) const { write_if(LogLevel::debug, message, fields); }
    void info(std::string_view message, LogFields fields = {}) const { write_if(LogLevel::info, message, fields); }
    void warn(std::string_view message, LogFields fields = {}) const { write_if(LogLevel::warn, message, fields); }
    void error(std::string_view message, LogFields fields = {}) const { write_if(LogLevel::error, message, fields); }
    /// Rate-limited: for lines that a peer can cause.
    void limited(LogLimit& limit, LogLevel level, std::string_view message, LogFields fields = {}) const;

    /// For fields that are expensive to make.
    [[nodiscard]] static bool enabled(LogLevel level) noexcept;

 private:
    void write_if(LogLevel level, std::string_view message, LogFields fields) const {
        if (enabled(level)) write(level, message, fields, 0);
    }
    void write(LogLevel level, std::string_view message, LogFields fields, std::uint64_t suppressed) const;
    std::string name_;
};

}  // namespace base
