// Encodings of what FROST's participants exchange and keep: BCS, strict, bounded by kMaxParticipants.
#include "base/bcs.hpp"
#include "gcrypt/frost.hpp"

namespace gcrypt::frost {
namespace {

constexpr std::uint8_t kGroupVersion = 1;

edwards::Point read_point(base::BcsReader& reader) noexcept {
    const auto raw = reader.fixed<32>();
    const auto point = edwards::Point::decode(raw);
    if (!point) {
        reader.reject(Errc::bad_point, "FROST");
        return {};
    }
    return *point;
}

Identifier read_identifier(base::BcsReader& reader) noexcept {
    const auto id = reader.u16();
    if (id == 0 || id > kMaxParticipants) reader.reject(base::Errc::out_of_range, "FROST participant");
    return id;
}

}  // namespace

base::Bytes encode(const Group& group) {
    base::BcsWriter writer;
    writer.u8(kGroupVersion);
    writer.u16(static_cast<std::uint16_t>(group.participants()));
    writer.uleb(static_cast<std::uint32_t>(group.threshold()));
    for (const auto& point : group.commitment().coefficients) writer.fixed(point.bytes);
    return std::move(writer).take();
}

base::Result<Group> decode_group(base::ByteView encoded) {
    base::BcsReader reader{encoded};
    if (reader.u8() != kGroupVersion) reader.reject(base::Errc::invalid_argument, "FROST group version");
    const auto participants = reader.u16();
    const auto threshold = reader.length(kMaxParticipants, 32);
    vss::Commitment commitment;
    for (std::uint32_t i = 0; i < threshold && reader.ok(); ++i) commitment.coefficients.push_back(read_point(reader));
    GC_CHECK(reader.finish());
    return Group::make(std::move(commitment), participants);
}

base::Bytes encode(const Commitment& commitment) {
    base::BcsWriter writer;
    writer.u16(commitment.id);
    writer.fixed(commitment.hiding.bytes);
    writer.fixed(commitment.binding.bytes);
    return std::move(writer).take();
}

base::Result<Commitment> decode_commitment(base::ByteView encoded) {
    base::BcsReader reader{encoded};
    Commitment out;
    out.id = read_identifier(reader);
    out.hiding = read_point(reader);
    out.binding = read_point(reader);
    GC_CHECK(reader.finish());
    return out;
}

base::Bytes encode(const SignatureShare& share) {
    base::BcsWriter writer;
    writer.u16(share.id);
    writer.fixed(share.value.bytes);
    return std::move(writer).take();
}

base::Result<SignatureShare> decode_signature_share(base::ByteView encoded) {
    base::BcsReader reader{encoded};
    SignatureShare out;
    out.id = read_identifier(reader);
    const auto raw = reader.fixed<32>();
    const auto value = edwards::Scalar::decode(raw);
    if (!value) reader.reject(Errc::bad_scalar, "FROST signature share");
    GC_CHECK(reader.finish());
    out.value = *value;
    return out;
}

}  // namespace gcrypt::frost
