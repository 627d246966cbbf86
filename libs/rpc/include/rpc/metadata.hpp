#pragma once
// Custom metadata of a call: an ordered multimap of lower-case names. Values of names that end in "-bin" are bytes and
// travel as base64; all others are printable ASCII. Source: grpc/grpc doc/PROTOCOL-HTTP2.md "Custom-Metadata".

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "zquic/h3.hpp"

namespace rpc {

/// One HTTP field as it is on the wire; names lower case, pseudo-headers (":path") first in their list.
using zquic::h3::Field;
using zquic::h3::Fields;
using zquic::h3::find_field;

class Metadata {
 public:
    using Entry = std::pair<std::string, std::string>;

    Metadata() = default;
    /// For literals; ends the process on an entry that add() would refuse.
    Metadata(std::initializer_list<Entry> entries);

    /// `invalid_argument` for names outside [0-9a-z_.-], for reserved names (see is_reserved) and, unless the name ends
    /// in "-bin", for values outside printable ASCII. Leading and trailing spaces of such values go: HTTP has no
    /// place for them.
    base::Result<void> add(std::string name, std::string value);
    /// The first value of `name`.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
    /// Every value of `name`, in order.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    friend bool operator==(const Metadata&, const Metadata&) = default;

    /// Appends wire fields, binary values as unpadded base64.
    void write_to(Fields& fields) const;
    /// Takes every field that is not reserved. Binary values may be padded or not, and several may share one field,
    /// separated by commas. `invalid_argument` on broken base64.
    static base::Result<Metadata> read_from(const Fields& fields);

 private:
    std::vector<Entry> entries_;
};

/// Names that belong to HTTP or gRPC: pseudo-headers, "grpc-…", "content-type", "te", "user-agent", connection fields.
bool is_reserved(std::string_view name) noexcept;

/// RFC 9110 size of a field list as RFC 9114 §4.2.2 counts it: name + value + 32 each.
std::size_t field_section_size(const Fields& fields) noexcept;

/// RFC 4648 §4 alphabet.
std::string base64_encode(std::string_view bytes);  ///< Without padding.
base::Result<std::string> base64_decode(std::string_view text);

}  // namespace rpc
