#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace walletd {

/// A private folder that goes with the test.
class TempFolder {
 public:
    TempFolder() {
        char name[] = "/tmp/walletd_test_XXXXXX";
        path_ = mkdtemp(name);
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

}  // namespace walletd
