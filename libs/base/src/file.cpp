#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/random.hpp"

namespace base {
namespace {

struct Descriptor {
    explicit Descriptor(int fd) noexcept : number{fd} {}
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
};

Errc code_of(int error) noexcept {
    switch (error) {
        case ENOENT:
        case ENOTDIR: return Errc::not_found;
        case EEXIST: return Errc::already_exists;
        case EACCES:
        case EPERM:
        case EROFS: return Errc::permission_denied;
        case EWOULDBLOCK: return Errc::unavailable;
    }
    return Errc::io_error;
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool write_all(int fd, ByteView bytes) noexcept {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

/// A rename is durable once its folder is.
Checked<void> sync_folder(const std::string& folder) {
    const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (fd.number < 0 || ::fsync(fd.number) != 0) return explain_errno(errno, "cannot sync folder", folder);
    return {};
}

Checked<void> write_new_file(const std::string& path, ByteView content, mode_t mode) {
    const Descriptor fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (fd.number < 0) return explain_errno(errno, "cannot create", path);
    // fchmod: the mode given is meant, whatever the umask.
    if (::fchmod(fd.number, mode) != 0 || !write_all(fd.number, content) || ::fsync(fd.number) != 0)
        return explain_errno(errno, "cannot write", path);
    return {};
}

}  // namespace

std::unexpected<Diagnostic> explain_errno(int error, std::string_view what, const std::string& path) {
    char buffer[128];
    return explain(code_of(error), std::string{what} + ' ' + path + ": " + ::strerror_r(error, buffer, sizeof buffer));
}

Checked<Bytes> read_file(const std::string& path, std::size_t size_max) {
    const Descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (fd.number < 0) return explain_errno(errno, "cannot open", path);
    struct stat info{};
    if (::fstat(fd.number, &info) != 0) return explain_errno(errno, "cannot read", path);
    if (S_ISDIR(info.st_mode)) return explain_errno(EISDIR, "cannot read", path);
    // Grow with what arrives: the size in stat is a hint (0 for /proc), and files can change while we read.
    Bytes content;
    std::size_t used = 0;
    for (;;) {
        if (used == content.size()) {
            const auto hint = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0)) + 1;
            content.resize(std::min(std::max({hint, used * 2, std::size_t{4096}}), size_max + 1));
        }
        const auto got = ::read(fd.number, content.data() + used, content.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return explain_errno(errno, "cannot read", path);
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
        if (used > size_max)
            return explain(Errc::out_of_range, path + " is larger than " + std::to_string(size_max) + " bytes");
    }
    content.resize(used);
    return content;
}

Checked<std::string> read_text_file(const std::string& path, std::size_t size_max) {
    GC_TRY(const auto content, read_file(path, size_max));
    return std::string{as_text(content)};
}

Checked<void> write_file_atomic(const std::string& path, ByteView content, WriteOptions options) {
    const auto temporary = path + ".tmp" + to_hex(as_bytes(std::to_string(system_random().u64()))).substr(0, 16);
    const auto drop = [&] { ::unlink(temporary.c_str()); };
    if (auto written = write_new_file(temporary, content, options.mode); !written) {
        if (!written.error().error.is(Errc::already_exists)) drop();
        return written;
    }
    if (options.replace) {
        if (::rename(temporary.c_str(), path.c_str()) != 0) {
            const int error = errno;
            drop();
            return explain_errno(error, "cannot replace", path);
        }
    } else {
        // link(2) refuses an existing name, rename(2) would not.
        const int error = ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
        drop();
        if (error != 0) return explain_errno(error, "cannot create", path);
    }
    return sync_folder(folder_of(path));
}

Checked<void> make_private_dir(const std::string& path) {
    if (path.empty()) return explain(Errc::invalid_argument, "cannot make a folder with an empty name");
    for (auto at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        const auto parent = path.substr(0, at);
        if (::mkdir(parent.c_str(), 0700) == 0 || errno == EEXIST) continue;
        const int error = errno;
        struct stat parent_info{};
        // A read-only or foreign parent that exists already is not our business.
        if (::stat(parent.c_str(), &parent_info) != 0) return explain_errno(error, "cannot make folder", parent);
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return explain_errno(errno, "cannot make folder", path);
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return explain_errno(errno, "cannot use folder", path);
    if (!S_ISDIR(info.st_mode)) return explain_errno(ENOTDIR, "cannot use folder", path);
    if (info.st_uid != ::geteuid())
        return explain(Errc::permission_denied, "folder " + path + " belongs to another user");
    if ((info.st_mode & 0077) != 0 && ::chmod(path.c_str(), 0700) != 0)
        return explain_errno(errno, "cannot make private", path);
    if (::access(path.c_str(), W_OK | X_OK) != 0) return explain_errno(errno, "cannot write to folder", path);
    return {};
}

Checked<void> check_private_file(const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return explain_errno(errno, "cannot open", path);
    if (!S_ISREG(info.st_mode)) return explain(Errc::invalid_argument, path + " is not a regular file");
    if (info.st_uid != ::geteuid()) return explain(Errc::permission_denied, path + " belongs to another user");
    if ((info.st_mode & 0077) != 0)
        return explain(Errc::permission_denied, path + " can be read or written by others: run chmod 600 " + path);
    return {};
}

Checked<FileLock> FileLock::acquire(const std::string& path) {
    FileLock lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (lock.fd_ < 0) return explain_errno(errno, "cannot open lock file", path);
    while (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno == EWOULDBLOCK)
            return explain(Errc::unavailable,
                           "another process is using " + folder_of(path) + " (it holds " + path + ")");
        return explain_errno(errno, "cannot lock", path);
    }
    return lock;
}

FileLock::~FileLock() {
    if (fd_ >= 0) ::close(fd_);
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

Checked<std::string> ghost_home() {
    // Read at start-up, before other threads exist that could change the environment.
    if (const char* home = std::getenv("GHOST_HOME"); home && *home) return std::string{home};
    if (const char* home = std::getenv("HOME"); home && *home) return std::string{home} + "/.ghost";
    return explain(Errc::not_found, "neither GHOST_HOME nor HOME is set");
}

}  // namespace base
