// A peer that holds the keys against an endpoint of ours, as client and as server, raw streams and HTTP/3: mutated
// transport parameters, TLS messages and frames inside packets whose protection is valid. In memory, under a clock of
// its own. At exit it prints how many packets were accepted by packet protection, and which frames were in them.

#include "protected_input.hpp"
#include "protected_world.hpp"

extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

namespace {

using namespace protected_fuzz;
namespace kit = zquic::testkit;

constexpr std::uint64_t kTurnNs = 50'000;
constexpr std::size_t kPacketMax = 1400;

World& world() {
    static World* const made = [] {
        auto* const out = new World;  // lives as long as the process
        static World* kept = out;
        std::atexit([] { kept->counters.print(); });
        return out;
    }();
    return *made;
}

class Run {
 public:
    explicit Run(const Input& input) : input_{input}, server_{(input.flags & Input::kClient) == 0} {
        kit::RawPeerOptions options;
        options.server = !server_;
        options.alpn.clear();
        if (input.flags & Input::kEmptyId) options.id_bytes = 0;
        if ((input.flags & Input::kNoAlpn) == 0) options.alpn = {alpn()};
        if (options.server) options.identity = &*world_.identity;
        if (input.flags & Input::kParameters) {
            options.parameters = [this](kit::Parameters honest) -> std::optional<base::Bytes> {
                kit::Dice dice{input_.seed};
                return kit::mutate_parameters(kit::encode(honest), dice);
            };
        }
        if (input.flags & Input::kMessages) {
            options.message = [this](Space, base::Bytes& message) {
                if (messages_++ != input_.seed % 5) return;
                kit::Dice dice{input_.seed};
                message = kit::mutate_tls_message(message, dice);
            };
        }
        changed_ = (input.flags & (Input::kParameters | Input::kMessages)) != 0;
        if (!server_) world_.dial(alpn());
        peer_.emplace(std::move(options));
        if (!server_) {
            world_.turn(kTurnNs);
            read_victim();
        }
        const auto stage = (input.flags & Input::kStage) >> 2;
        if (stage == 1) send_one();
        if (stage >= 2) finish_handshake();
    }
    ~Run() {
        peer_.reset();
        world_.reset();
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void play() {
        for (const auto& record : input_.records) {
            play(record);
            if (together_ == 0) world_.turn(kTurnNs);
        }
        send_together();
        world_.turn(kTurnNs);
        // What is armed now must fire without harm.
        world_.turn(20'000'000);
        world_.turn(2'000'000'000);
    }

 private:
    [[nodiscard]] std::string alpn() const { return input_.flags & Input::kH3 ? "h3" : "test"; }

    void read_victim() {
        auto& outbox = world_.outbox;
        while (!outbox.empty()) {
            peer_->receive(outbox.front());
            outbox.pop_front();
        }
    }
    void send_one() {
        for (const auto& datagram : peer_->flush()) world_.deliver(server_, datagram, changed_);
        world_.turn(kTurnNs);
        read_victim();
    }
    void finish_handshake() {
        for (int i = 0; i < 4 && !(peer_->done() && i > 1); ++i) send_one();
        if (peer_->done()) ++world_.counters.handshakes;
    }
    void send(std::optional<base::Bytes> datagram) {
        if (!datagram) return;
        if (together_ == 0) return world_.deliver(server_, *datagram, true);
        joined_.insert(joined_.end(), datagram->begin(), datagram->end());
        if (--together_ == 0) send_together();
    }
    void send_together() {
        together_ = 0;
        if (!joined_.empty()) world_.deliver(server_, joined_, true);
        joined_.clear();
    }
    void send_frames(Space space, base::ByteView frames, const kit::PacketEdit& edit = {}) {
        frames = frames.first(std::min(frames.size(), kPacketMax));
        send(together_ > 0 ? peer_->packet(space, frames, edit) : peer_->datagram(space, frames, edit));
    }

    void play(const Record& record) {
        base::ByteView payload{record.payload};
        const auto byte_at = [&](std::size_t i) {
            return i < payload.size() ? std::to_integer<std::uint8_t>(payload[i]) : std::uint8_t{0};
        };
        switch (record.op) {
            case Op::initial: return send_frames(Space::initial, payload);
            case Op::handshake: return send_frames(Space::handshake, payload);
            case Op::app: return send_frames(Space::app, payload);
            case Op::stream_data:
                return continue_stream(byte_at(0), payload.subspan(std::min<std::size_t>(payload.size(), 1)));
            case Op::odd_packet: {
                if (payload.size() < 11) return;
                kit::PacketEdit edit{
                    .number = {}, .number_bytes = 1u + byte_at(2) % 4, .first_xor = 0, .destination = {}};
                if (byte_at(0) & 0x10) edit.first_xor = byte_at(1) & 0x3f;
                const auto number = base::load_le<std::uint64_t>(payload.data() + 3);
                const auto space = static_cast<Space>(byte_at(0) % 3);
                if (byte_at(0) & 0x20) edit.number = peer_->next_number(space) + number % 300;
                if (byte_at(0) & 0x40) edit.number = number & ((1ULL << 62) - 1);
                if (byte_at(0) & 0x80) edit.destination = peer_->first_id();
                if (byte_at(0) & 0x08) std::swap(world_.peer, world_.other_peer);  // its address changes
                return send_frames(space, payload.subspan(11), edit);
            }
            case Op::advance:
                return world_.turn(payload.size() < 4
                                       ? 1'000'000
                                       : base::load_le<std::uint32_t>(payload.data()) * std::uint64_t{1000});
            case Op::action: return act(byte_at(0));
            case Op::honest: read_victim(); return send_one();
            case Op::together: together_ = 2u + byte_at(0) % 4; return;
            case Op::crypto: {
                const auto space = static_cast<Space>(byte_at(0) % 3);
                const auto data = payload.subspan(std::min<std::size_t>(payload.size(), 1));
                auto& offset = crypto_[static_cast<std::size_t>(space)];
                kit::WireWriter frame;
                frame.byte(0x06).varint(peer_->crypto_offset(space) + offset).varint(data.size()).bytes(data);
                offset += data.size();
                return send_frames(space, frame.view());
            }
            case Op::raw: return world_.deliver(server_, payload, false);
            case Op::count: return;
        }
    }
    void continue_stream(std::uint8_t which, base::ByteView data) {
        // The peer's own four kinds, and those that the victim opened.
        const auto id = which & 0x0fu;
        auto& offset = offsets_[id];
        kit::WireWriter frame;
        frame.byte(static_cast<std::uint8_t>(0x0e | which >> 7))
            .varint(id)
            .varint(offset)
            .varint(data.size())
            .bytes(data);
        offset += data.size();
        send_frames(Space::app, frame.view());
    }
    void act(std::uint8_t which) {
        if (!world_.raw || !world_.raw->connection) {
            if (world_.h3_client && which % 2 != 0) world_.h3_client->finish();
            return;
        }
        auto& connection = *world_.raw->connection;
        switch (which % 7) {
            case 0:
                if (const auto stream =
                        connection.open_stream(zquic::Direction::unidirectional, std::make_shared<Streams>())) {
                    (void)(*stream)->write(zquic::Buffer{base::Bytes(60'000)}, which & 0x80);
                    if (which & 0x40) (*stream)->reset(1);
                }
                return;
            case 1: (void)connection.send_datagram(zquic::Buffer{base::Bytes(which >> 3)}); return;
            case 2: connection.close(7, "fuzz"); return;
            case 3: (void)connection.update_keys(); return;
            case 4: connection.extend_peer_streams(zquic::Direction::bidirectional, which); return;
            case 5:
                if (const auto stream =
                        connection.open_stream(zquic::Direction::bidirectional, std::make_shared<Streams>())) {
                    (*stream)->stop_sending(3);
                    (*stream)->reset(4);
                }
                return;
            default: (void)connection.stats(); return;
        }
    }

    World& world_ = world();
    const Input& input_;
    bool server_;
    bool changed_ = false;
    std::optional<kit::RawPeer> peer_;
    std::uint32_t messages_ = 0;
    std::size_t together_ = 0;
    base::Bytes joined_;
    std::array<std::uint64_t, 4> crypto_{};
    std::array<std::uint64_t, 16> offsets_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = Input::parse({reinterpret_cast<const std::byte*>(data), size});
    ++world().counters.runs;
    Run{input}.play();
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
    kit::Dice dice{seed};
    const auto by_libfuzzer = [&](base::Bytes& bytes) {
        if (!LLVMFuzzerMutate) return;
        constexpr std::size_t kGrowth = 32;
        const auto before = bytes.size();
        bytes.resize(before + kGrowth);
        bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), before, bytes.size()));
    };
    const auto out = mutate(Input::parse({reinterpret_cast<const std::byte*>(data), size}), dice, by_libfuzzer).pack();
    if (out.size() > max) return size;
    std::copy(out.begin(), out.end(), reinterpret_cast<std::byte*>(data));
    return out.size();
}
