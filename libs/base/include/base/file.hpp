#pragma once
// Small files done right: bounded reads, atomic durable writes, private folders, locks. Every error names the path and
// what the system said.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"

namespace base {

/// The whole file. `not_found`, `permission_denied`, `out_of_range` when it holds more than `size_max` bytes,
/// `io_error`.
Checked<Bytes> read_file(const std::string& path, std::size_t size_max);
/// The same as text; no encoding is checked.
Checked<std::string> read_text_file(const std::string& path, std::size_t size_max);

struct WriteOptions {
    mode_t mode = 0600;
    bool replace = true;  ///< False: `already_exists` when there is a file, which stays as it was.
};
/// All or nothing, and on disk when it returns: temporary file beside it, fsync, rename, fsync of the folder.
Checked<void> write_file_atomic(const std::string& path, ByteView content, WriteOptions options);
inline Checked<void> write_file_atomic(const std::string& path, ByteView content) {
    return write_file_atomic(path, content, WriteOptions{});
}

/// Makes the folder and its missing parents with mode 0700. One that exists must be ours and writable, and is tightened
/// to 0700; existing parents are left as they are.
Checked<void> make_private_dir(const std::string& path);

/// Refuses a secret's file that others can read: regular file, ours, no group or other bits.
Checked<void> check_private_file(const std::string& path);

/// Holds an exclusive flock(2) until destroyed; the file stays.
class FileLock {
 public:
    /// `unavailable` with "another process is using …" when it is held.
    static Checked<FileLock> acquire(const std::string& path);
    ~FileLock();
    FileLock(FileLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    FileLock& operator=(FileLock&& other) noexcept;

 private:
    explicit FileLock(int fd) noexcept : fd_{fd} {}
    int fd_;
};

/// $GHOST_HOME, else ~/.ghost. `not_found` when neither GHOST_HOME nor HOME is set.
Checked<std::string> ghost_home();

/// `code` for this errno, with "what path: text" as the explanation.
std::unexpected<Diagnostic> explain_errno(int error, std::string_view what, const std::string& path);

}  // namespace base
