#pragma once
// A disk of a few megabytes, for tests of a full one. It is seen by the thread that makes it and those that it starts.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace store::test {

class SmallDisk {
 public:
    /// A tmpfs of so many bytes over an empty folder, in a mount namespace of this thread. good() is false without the
    /// right to mount.
    SmallDisk(std::filesystem::path folder, std::uint64_t bytes) : folder_{std::move(folder)} {
        if (::unshare(CLONE_NEWNS) != 0) return;
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
        const auto size = "size=" + std::to_string(bytes);
        good_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    }
    ~SmallDisk() {
        if (good_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool good() const noexcept { return good_; }

    /// Leaves nothing free.
    void fill() const {
        const int fd = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        for (std::size_t size = 1u << 20; size > 0; size /= 2) {
            const std::vector<char> piece(size, 'x');
            while (::write(fd, piece.data(), size) == static_cast<ssize_t>(size)) {
            }
        }
        ::close(fd);
    }
    void make_room() const { std::filesystem::remove(ballast()); }

 private:
    [[nodiscard]] std::filesystem::path ballast() const { return folder_ / "ballast"; }
    std::filesystem::path folder_;
    bool good_ = false;
};

}  // namespace store::test
