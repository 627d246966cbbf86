#pragma once
// What registered services say of themselves by reflection: fetched once from an instance when it registers, kept here,
// so that no look-up of a caller has to leave the bridge.
//
//   Register ─▶ fetch(instance): file_containing_symbol of each service, then the files that those need
//   look-up  ─▶ find(request)

#include <google/protobuf/descriptor_database.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostbridge/egress.hpp"
#include "ghostbridge/registry.hpp"
#include "grpc/reflection/v1/reflection.pb.h"

namespace ghostbridge {

/// Thread: the reactor's.
class Descriptors {
 public:
    // What one instance may make us keep, and all of them.
    static constexpr std::size_t kFilesMax = 256;
    static constexpr std::size_t kInstanceBytesMax = 2u << 20;
    static constexpr std::size_t kBytesMax = 32u << 20;

    Descriptors(const Registry& registry, Egress& egress) : registry_{registry}, egress_{egress} {}
    ~Descriptors();
    Descriptors(const Descriptors&) = delete;
    Descriptors& operator=(const Descriptors&) = delete;

    /// Asks a new instance for its services' files. They replace what was known of these services when all are here,
    /// unless all that is kept would pass kBytesMax.
    void fetch(const Instance& instance);
    /// The answer to a look-up of a file, a symbol or an extension; nothing when it is not known.
    std::optional<grpc::reflection::v1::ServerReflectionResponse> find(
        const grpc::reflection::v1::ServerReflectionRequest& request);
    /// Gives up fetches from instances that are gone.
    void retain();
    /// Gives up all.
    void stop() noexcept { fetches_.clear(); }

 private:
    struct Files {
        std::map<std::string, std::string> by_name;  ///< Serialised FileDescriptorProto.
        std::size_t bytes = 0;
    };
    class Fetch;
    void done(InstanceId id);
    [[nodiscard]] std::size_t kept_bytes() const;
    void rebuild();

    const Registry& registry_;
    Egress& egress_;
    std::map<InstanceId, std::shared_ptr<Fetch>> fetches_;
    std::map<std::string, std::shared_ptr<const Files>> by_service_;
    std::unique_ptr<google::protobuf::SimpleDescriptorDatabase> database_;
};

}  // namespace ghostbridge
