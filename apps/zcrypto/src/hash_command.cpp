#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "commands.hpp"
#include "zcrypto/hasher.hpp"
#include "zcrypto_tool/check_line.hpp"

namespace zcrypto_tool {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kCheckFileMax = 256u << 20;

/// One line on a terminal's standard error, from the second on that a file takes more than one.
class Progress {
 public:
    Progress(const std::string& name, std::uint64_t total) : name_{shown_name(name)}, total_{total} {}
    ~Progress() {
        if (shown_) fmt::print(stderr, "\r\x1b[K");
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void at(std::uint64_t done) {
        const auto now = Clock::now();
        if (!terminal_ || now - last_ < std::chrono::milliseconds{shown_ ? 200 : 1000}) return;
        last_ = now;
        shown_ = true;
        const auto rate = static_cast<double>(done) / std::chrono::duration<double>(now - start_).count() / 1e6;
        const auto part = total_ > 0 ? fmt::format("{:3.0f} % ", 100.0 * static_cast<double>(done) /
                                                                     static_cast<double>(std::max(total_, done)))
                                     : "";
        fmt::print(stderr, "\r{}{} {:.0f} MB, {:.0f} MB/s\x1b[K", part, name_, static_cast<double>(done) / 1e6, rate);
        std::fflush(stderr);
    }

 private:
    std::string name_;
    std::uint64_t total_;
    bool terminal_ = isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_ = start_;
};

/// The digest in hexadecimal, or what the system said.
std::expected<std::string, std::string> hash_file(const std::string& path, zcrypto::HashAlgorithm algorithm) {
    const bool standard = path == "-";
    const int fd = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected{std::strerror(errno)};
    struct stat info{};
    const auto total = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
    zcrypto::Hasher hasher{algorithm};
    Progress progress{path, total};
    std::vector<std::byte> piece(kPiece);
    std::uint64_t done = 0;
    std::expected<std::string, std::string> out;
    for (;;) {
        const auto got = read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) out = std::unexpected{std::strerror(errno)};
        if (got == 0) out = base::to_hex(hasher.finish());
        if (got <= 0) break;
        hasher.update(base::ByteView{piece}.first(static_cast<std::size_t>(got)));
        done += static_cast<std::uint64_t>(got);
        progress.at(done);
    }
    if (!standard) close(fd);
    return out;
}

struct Tally {
    std::size_t matched = 0, mismatched = 0, unreadable = 0, malformed = 0;

    [[nodiscard]] std::size_t known() const noexcept { return matched + mismatched + unreadable; }
};

/// One file of checksum lines. Says "name: OK" and so on as sha256sum does, or collects JSON rows.
void check_lines(std::string_view text, const Context& context, const HashOptions& options,
                 zcrypto::HashAlgorithm algorithm, Tally& tally, nlohmann::json& rows) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto raw = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (raw.empty() || raw.starts_with('#')) continue;
        const auto line = parse_check_line(raw);
        const auto used = line ? line->algorithm.value_or(algorithm) : algorithm;
        if (!line || line->hex.size() != 2 * zcrypto::hash_size(used)) {
            ++tally.malformed;
            continue;
        }
        const auto digest = hash_file(line->name, used);
        const char* verdict = "OK";
        if (!digest) {
            ++tally.unreadable;
            verdict = "FAILED open or read";
            if (!context.json) fmt::print(stderr, "zcrypto: {}: {}\n", shown_name(line->name), digest.error());
        } else if (*digest != line->hex) {
            ++tally.mismatched;
            verdict = "FAILED";
        } else {
            ++tally.matched;
        }
        if (context.json) {
            rows.push_back({{"file", line->name}, {"result", verdict}});
        } else if (!options.quiet || !digest || *digest != line->hex) {
            fmt::print("{}: {}\n", shown_name(line->name), verdict);
        }
    }
}

int check_files(const Context& context, const HashOptions& options, zcrypto::HashAlgorithm algorithm) {
    Tally tally;
    auto rows = nlohmann::json::array();
    auto bad_lists = nlohmann::json::array();
    // One list that is of no use fails the whole, and does not keep the others from being checked.
    const auto refuse = [&](const std::string& path, const std::string& why) {
        bad_lists.push_back({{"list", path}, {"error", why}});
        if (context.json) return;
        std::fflush(stdout);
        fmt::print(stderr, "zcrypto: {}: {}\n", shown_name(path), why);
    };
    for (const auto& path : options.files) {
        const auto content = read_input(path, kCheckFileMax);
        if (!content) {
            refuse(path, content.error().text);
            continue;
        }
        const auto before = tally.known();
        check_lines(base::as_text(*content), context, options, algorithm, tally, rows);
        if (tally.known() == before) refuse(path, "no properly formatted checksum lines found");
    }
    // b3sum fails on a line that it cannot read; sha256sum only warns while it finds others.
    const bool strict = options.strict || algorithm == zcrypto::HashAlgorithm::blake3;
    const bool bad = tally.mismatched + tally.unreadable > 0 || !bad_lists.empty() || (strict && tally.malformed > 0);
    if (context.json) {
        print_json({{"files", rows},
                    {"bad_lists", bad_lists},
                    {"matched", tally.matched},
                    {"mismatched", tally.mismatched},
                    {"unreadable", tally.unreadable},
                    {"malformed_lines", tally.malformed},
                    {"ok", !bad}});
        return bad ? Exit::failed : Exit::done;
    }
    std::fflush(stdout);
    const auto warn = [](std::size_t count, const char* one, const char* many) {
        if (count > 0) fmt::print(stderr, "zcrypto: WARNING: {} {}\n", count, count == 1 ? one : many);
    };
    warn(tally.malformed, "line is improperly formatted", "lines are improperly formatted");
    warn(tally.unreadable, "listed file could not be read", "listed files could not be read");
    warn(tally.mismatched, "computed checksum did NOT match", "computed checksums did NOT match");
    return bad ? Exit::failed : Exit::done;
}

}  // namespace

int hash_command(const Context& context, const HashOptions& given) {
    auto options = given;
    if (options.files.empty()) options.files.emplace_back("-");
    const auto name = options.algorithm == "blake2b" ? "blake2b-512" : options.algorithm;
    const auto algorithm = zcrypto::hash_by_name(name);
    if (!algorithm) {
        std::string known;
        for (const auto each : zcrypto::kHashAlgorithms) known += fmt::format(" {}", zcrypto::hash_name(each));
        return report(context, {Exit::usage, fmt::format("unknown algorithm '{}'; there are:{}", name, known)});
    }
    if (options.check) return check_files(context, options, *algorithm);

    auto rows = nlohmann::json::array();
    int code = Exit::done;
    for (const auto& path : options.files) {
        const auto digest = hash_file(path, *algorithm);
        if (!digest) {
            code = Exit::failed;
            if (context.json)
                rows.push_back({{"file", path}, {"error", digest.error()}});
            else
                fmt::print(stderr, "zcrypto: {}: {}\n", shown_name(path), digest.error());
            continue;
        }
        if (context.json)
            rows.push_back({{"file", path}, {"digest", *digest}});
        else
            fmt::print("{}\n", format_check_line({.name = path, .hex = *digest, .algorithm = algorithm}, options.tag));
    }
    if (context.json) print_json({{"algorithm", zcrypto::hash_name(*algorithm)}, {"files", rows}});
    return code;
}

}  // namespace zcrypto_tool
