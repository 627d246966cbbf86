#pragma once
// A unix socket's address; private to io.

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "io/error.hpp"

namespace io {

class UnixAddress {
 public:
    static base::Result<UnixAddress> make(const std::string& path) noexcept {
        UnixAddress out;
        if (path.empty() || path.find('\0') != std::string::npos)
            return base::fail(Errc::bad_address, "unix socket path is empty or has a zero byte");
        if (path.size() >= sizeof out.native_.sun_path)
            return base::fail(Errc::bad_address, "unix socket path is longer than 107 bytes");
        out.native_.sun_family = AF_UNIX;
        std::memcpy(out.native_.sun_path, path.data(), path.size());
        return out;
    }
    [[nodiscard]] const sockaddr* native() const noexcept { return reinterpret_cast<const sockaddr*>(&native_); }
    [[nodiscard]] static socklen_t size() noexcept { return sizeof(sockaddr_un); }

 private:
    sockaddr_un native_{};
};

}  // namespace io
