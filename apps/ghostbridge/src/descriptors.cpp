#include "descriptors.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.hpp"

namespace ghostbridge {
namespace {

namespace v1 = grpc::reflection::v1;
namespace gp = google::protobuf;

constexpr std::uint64_t kFetchTimeoutNs = 10'000'000'000;
constexpr rpc::BidiMethod<v1::ServerReflectionRequest, v1::ServerReflectionResponse> kReflect{
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
const base::Log kLog{"ghostbridge"};

}  // namespace

/// One stream to one instance: a question, its answer, the next question.
class Descriptors::Fetch : public std::enable_shared_from_this<Fetch> {
 public:
    Fetch(Descriptors& owner, const Instance& instance)
        : owner_{owner}, id_{instance.id}, services_{instance.registration.services} {
        for (const auto& name : services_) {
            auto& request = questions_.emplace_back();
            request.set_file_containing_symbol(name);
        }
    }
    void start(rpc::Channel& channel) {
        call_ = channel.open(kReflect, {.timeout_ns = kFetchTimeoutNs, .wait_for_ready = true});
        next();
    }
    [[nodiscard]] const std::vector<std::string>& services() const noexcept { return services_; }
    [[nodiscard]] std::shared_ptr<const Files> files() const { return files_; }

 private:
    void next() {
        if (at_ == questions_.size()) return owner_.done(id_);  // destroys this
        static_cast<void>(call_.write(questions_[at_++]));
        call_.read([weak = weak_from_this()](std::optional<v1::ServerReflectionResponse> response) {
            const auto self = weak.lock();
            if (!self) return;
            // A service without reflection has nothing to look up.
            if (!response) return self->owner_.done(self->id_);
            for (const auto& file : response->file_descriptor_response().file_descriptor_proto()) self->take(file);
            self->next();
        });
    }
    void take(const std::string& bytes) {
        gp::FileDescriptorProto file;
        if (files_->by_name.size() >= kFilesMax || files_->bytes + bytes.size() > kInstanceBytesMax ||
            !file.ParseFromString(bytes) || file.name().empty())
            return;
        if (!files_->by_name.emplace(file.name(), bytes).second) return;
        asked_.insert(file.name());
        files_->bytes += bytes.size();
        for (const auto& needed : file.dependency()) {
            if (questions_.size() >= kFilesMax || !asked_.insert(needed).second) continue;
            questions_.emplace_back().set_file_by_filename(needed);
        }
    }

    Descriptors& owner_;
    InstanceId id_;
    std::vector<std::string> services_;
    std::vector<v1::ServerReflectionRequest> questions_;
    std::size_t at_ = 0;
    std::set<std::string> asked_;
    std::shared_ptr<Files> files_ = std::make_shared<Files>();
    rpc::ClientStream<v1::ServerReflectionRequest, v1::ServerReflectionResponse> call_;
};

Descriptors::~Descriptors() = default;

void Descriptors::fetch(const Instance& instance) {
    auto fetch = std::make_shared<Fetch>(*this, instance);
    fetches_[instance.id] = fetch;
    fetch->start(egress_.channel(instance));
}

void Descriptors::done(InstanceId id) {
    const auto at = fetches_.find(id);
    if (at == fetches_.end()) return;
    const auto fetch = std::move(at->second);
    fetches_.erase(at);
    if (!registry_.find(id)) return;
    const auto files = fetch->files();
    // A service that registers again says the same, as a rule.
    const bool news = std::ranges::any_of(fetch->services(), [&](const std::string& name) {
        const auto known = by_service_.find(name);
        return known == by_service_.end() || known->second->by_name != files->by_name;
    });
    if (!news) return;
    for (const auto& name : fetch->services()) by_service_.erase(name);
    if (kept_bytes() + files->bytes <= kBytesMax) {
        for (const auto& name : fetch->services()) by_service_[name] = files;
    } else {
        kLog.warn("descriptions of services take too much room", {{"service", fetch->services().front()}});
    }
    rebuild();
}

/// Services of one instance share their files.
std::size_t Descriptors::kept_bytes() const {
    std::set<const Files*> counted;
    std::size_t sum = 0;
    for (const auto& [service, files] : by_service_)
        if (counted.insert(files.get()).second) sum += files->bytes;
    return sum;
}

/// The first of files with one name counts, as they should be equal.
void Descriptors::rebuild() {
    database_ = std::make_unique<gp::SimpleDescriptorDatabase>();
    std::set<std::string> added;
    for (const auto& [service, files] : by_service_) {
        for (const auto& [name, bytes] : files->by_name) {
            if (!added.insert(name).second) continue;
            gp::FileDescriptorProto file;
            // False for symbols that clash with another file's: those stay with whom had them first.
            if (file.ParseFromString(bytes)) static_cast<void>(database_->Add(file));
        }
    }
}

std::optional<v1::ServerReflectionResponse> Descriptors::find(const v1::ServerReflectionRequest& request) {
    using Request = v1::ServerReflectionRequest;
    if (!database_) return std::nullopt;
    gp::FileDescriptorProto file;
    bool found = false;
    v1::ServerReflectionResponse response;
    switch (request.message_request_case()) {
        case Request::kFileByFilename: found = database_->FindFileByName(request.file_by_filename(), &file); break;
        case Request::kFileContainingSymbol:
            found = database_->FindFileContainingSymbol(request.file_containing_symbol(), &file);
            break;
        case Request::kFileContainingExtension:
            found =
                database_->FindFileContainingExtension(request.file_containing_extension().containing_type(),
                                                       request.file_containing_extension().extension_number(), &file);
            break;
        case Request::kAllExtensionNumbersOfType: {
            std::vector<int> numbers;
            const auto& type = request.all_extension_numbers_of_type();
            if (!database_->FindAllExtensionNumbers(type, &numbers)) return std::nullopt;
            auto& out = *response.mutable_all_extension_numbers_response();
            out.set_base_type_name(type);
            for (const int number : numbers) out.add_extension_number(number);
            return response;
        }
        case Request::kListServices:
        case Request::MESSAGE_REQUEST_NOT_SET: return std::nullopt;
    }
    if (!found) return std::nullopt;
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(file.SerializeAsString());
    return response;
}

void Descriptors::retain() {
    std::erase_if(fetches_, [this](const auto& entry) { return !registry_.find(entry.first); });
}

}  // namespace ghostbridge
