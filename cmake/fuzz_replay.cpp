// Runs a libFuzzer target without libFuzzer: first every corpus file, then seeded mutations of them.
// Usage: TARGET [--runs N] [--seed S] [FILE | FOLDER]...
// The point is a smoke test that any compiler can build; `./ghost fuzz` runs the guided search.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
constexpr std::size_t kMaxInput = 16 * 1024;

Input read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

Input mutate(Input input, const std::vector<Input>& corpus, std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return n ? static_cast<std::size_t>(random() % n) : 0; };
    for (auto rounds = 1 + below(8); rounds > 0; --rounds) {
        switch (below(6)) {
            case 0:
                if (!input.empty()) input[below(input.size())] ^= static_cast<std::uint8_t>(1u << below(8));
                break;
            case 1:
                if (!input.empty()) input[below(input.size())] = static_cast<std::uint8_t>(random());
                break;
            case 2:
                input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)),
                             static_cast<std::uint8_t>(random()));
                break;
            case 3: input.resize(below(input.size() + 1)); break;
            case 4: {
                const auto& other = corpus[below(corpus.size())];
                const auto at = static_cast<std::ptrdiff_t>(below(other.size() + 1));
                input.insert(input.end(), other.begin() + at, other.end());
                break;
            }
            case 5:
                if (!input.empty()) input[below(input.size())] = below(2) ? 0xff : 0x00;
                break;
        }
    }
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t runs = 0;
    std::uint64_t seed = 1;
    std::vector<Input> corpus{{}};
    for (int i = 1; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--runs") && i + 1 < argc) {
            runs = std::strtoull(argv[++i], nullptr, 10);
        } else if (!std::strcmp(argv[i], "--seed") && i + 1 < argc) {
            seed = std::strtoull(argv[++i], nullptr, 10);
        } else if (std::filesystem::is_directory(argv[i])) {
            std::vector<std::filesystem::path> files;
            for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) files.push_back(entry.path());
            std::sort(files.begin(), files.end());
            for (const auto& file : files) corpus.push_back(read_file(file));
        } else if (std::filesystem::exists(argv[i])) {
            corpus.push_back(read_file(argv[i]));
        } else {
            std::fprintf(stderr, "%s: no corpus at %s\n", argv[0], argv[i]);
            return 2;
        }
    }
    for (const auto& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
    // A mutated input can be slow to process; the clock bounds the smoke run, the seed repeats it.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    std::mt19937_64 random{seed};
    std::uint64_t done = 0;
    for (; done < runs && std::chrono::steady_clock::now() < deadline; ++done) {
        const auto input = mutate(corpus[random() % corpus.size()], corpus, random);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%zu corpus inputs, %llu mutations, seed %llu: clean\n", corpus.size() - 1,
                static_cast<unsigned long long>(done), static_cast<unsigned long long>(seed));
}
