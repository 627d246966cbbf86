#pragma once
// What every `./ghost bench SUITE` program shares: its flags, alternating runs, medians, the table and the JSON file.
// JSON: [{"name","value","unit","peer","peer_value","ratio","better","runs"}]; peer fields are null where there is
// none, `better` is "higher" or "lower".

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace benchkit {

/// The flags that each bench program understands: [--json FILE] [--seconds N] [--runs N] [--only NAME] [--help].
struct Options {
    std::string json_path;          ///< Empty: no file.
    double seconds = 0;             ///< Length of one measurement; 0 leaves it to the suite.
    int runs = 0;                   ///< Alternating runs a figure; 0 leaves it to the suite.
    std::string only;               ///< Measure only figures whose name contains this.
    std::vector<std::string> rest;  ///< Flags that the suite itself reads (for instance --contracts).

    /// Prints usage and ends the process on --help (0). A missing value is a usage error (2).
    static Options parse(int argc, char** argv, std::string_view suite);
    [[nodiscard]] double seconds_or(double fallback) const { return seconds > 0 ? seconds : fallback; }
    [[nodiscard]] int runs_or(int fallback) const { return runs > 0 ? runs : fallback; }
    [[nodiscard]] bool wants(std::string_view name) const { return only.empty() || name.find(only) != name.npos; }
};

/// Whether a larger or a smaller figure is the better one; it decides which way `ratio` is taken.
enum class Better { higher, lower };

struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    std::optional<std::string> peer;
    std::optional<double> peer_value;
    Better better = Better::higher;
    std::vector<double> runs;
    /// How much better than the peer: above 1 we lead, whichever direction is good.
    [[nodiscard]] std::optional<double> ratio() const;
};

/// The middle value (mean of the two middle ones); 0 for none.
double median(std::vector<double> values);
/// The value below which `share` (0..1) of the values lie; nearest rank; 0 for none.
double percentile(std::vector<double> values, double share);

/// Runs `ours` and `theirs` in turn, `runs` times each, so that drift of the machine hits both.
struct Pair {
    std::vector<double> ours;
    std::vector<double> theirs;
};
Pair alternate(int runs, const std::function<double()>& ours, const std::function<double()>& theirs);

/// Collects figures; prints a table on stdout and writes the JSON file.
class Report {
 public:
    explicit Report(std::string suite) : suite_{std::move(suite)} {}
    void add(Figure figure);
    /// A line of the table's foot: what limits a figure, what the machine is.
    void note(std::string text) { notes_.push_back(std::move(text)); }
    /// 0, or 1 with a message on stderr when the JSON file cannot be written.
    int finish(const Options& options) const;

 private:
    std::string suite_;
    std::vector<Figure> figures_;
    std::vector<std::string> notes_;
};

/// One line on stderr, so that a long measurement shows where it is.
void progress(std::string_view text);

/// User plus system CPU seconds of this process or of `pid`, from /proc.
double cpu_seconds(int pid = 0);
/// Proportional set size in bytes, from /proc/PID/smaps_rollup; 0 when unreadable.
std::uint64_t pss_bytes(int pid = 0);
std::uint64_t rss_bytes(int pid = 0);
/// The most that it ever was.
std::uint64_t peak_rss_bytes(int pid = 0);
/// Binds the calling thread to one core; false when the kernel refuses.
bool pin_to_core(int core);

}  // namespace benchkit
