#pragma once
// Lines of checksum files, as sha256sum and b3sum write them:
//
//   <hex>  <name>            text mode; <hex> *<name> is binary mode and means the same here
//   \<hex>  <name>           the name has \n for a line feed, \r for a carriage return and \\ for a backslash
//   SHA256 (<name>) = <hex>  the --tag form; it names the algorithm

#include <optional>
#include <string>
#include <string_view>

#include "zcrypto/hasher.hpp"

namespace zcrypto_tool {

struct CheckLine {
    std::string name;
    std::string hex;                                  ///< Lower case, 64 or 128 digits.
    std::optional<zcrypto::HashAlgorithm> algorithm;  ///< From the --tag form.
    friend bool operator==(const CheckLine&, const CheckLine&) = default;
};

/// Nothing when the line is malformed.
std::optional<CheckLine> parse_check_line(std::string_view line);

/// The line for a file, without its end. `tag` asks for the --tag form.
std::string format_check_line(const CheckLine& line, bool tag);

/// As \xHH each.
void append_escaped_bytes(std::string& out, std::string_view bytes);

/// A name for a person, on one line whatever is in it: escaped as in a list, and other characters that can disguise a
/// line (base/printable.hpp), and bytes that are not UTF-8, as \xHH. So no file can be named to look like a verdict.
std::string shown_name(std::string_view name);

}  // namespace zcrypto_tool
