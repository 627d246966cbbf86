#include "call_proof/answer.hpp"

#include "base/bcs.hpp"

namespace call_proof {
namespace {

class Seal final : public rpc::AnswerSeal {
 public:
    Seal(const base::Digest& call_digest, const zcrypto::ed25519::SigningKey& key) noexcept
        : answer_{call_digest}, key_{key} {}
    void on_message(base::ByteView message) override { answer_.add(message); }
    void on_end(const rpc::Status& status, rpc::Metadata& trailing) override {
        const auto signature = key_.sign(answer_.digest(status));
        // Cannot be refused: the name is ours and the value binary.
        (void)trailing.add(std::string{kAnswerField}, std::string{base::as_text(signature.bytes)});
    }

 private:
    Answer answer_;
    const zcrypto::ed25519::SigningKey& key_;
};

}  // namespace

void Answer::add(base::ByteView message) noexcept {
    base::FixedBytes<8> length;
    base::store_le(length.data(), std::uint64_t{message.size()});
    messages_.update(length).update(message);
    ++count_;
}

base::Digest Answer::digest(const rpc::Status& status) const {
    static const zcrypto::Blake3Context kContext{"ghost call proof v1: answer"};
    base::BcsWriter out;
    out.fixed(call_digest_);
    out.u32(static_cast<std::uint32_t>(status.code));
    out.u64(status.message.size());
    out.fixed(base::as_bytes(status.message));
    out.u64(count_);
    out.fixed(messages_.finish());
    return kContext.hash(out.view());
}

bool Answer::signed_by(const base::Digest& audience, const rpc::Status& status, const rpc::Metadata& trailing) const {
    const auto field = trailing.get(kAnswerField);
    if (!field) return false;
    const auto signature = base::to_fixed<64>(base::as_bytes(*field));
    return signature && zcrypto::ed25519::verify_strict({audience}, digest(status), {*signature});
}

std::unique_ptr<rpc::AnswerSeal> make_seal(const base::Digest& call_digest, const zcrypto::ed25519::SigningKey& key) {
    return std::make_unique<Seal>(call_digest, key);
}

}  // namespace call_proof
