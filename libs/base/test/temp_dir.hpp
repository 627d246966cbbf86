#pragma once
// A folder that is gone when the test is.

#include <stdlib.h>

#include <filesystem>
#include <string>

class TempDir {
 public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "gc-test-XXXXXX").string();
        if (!::mkdtemp(name.data())) std::abort();
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    std::string path_;
};
