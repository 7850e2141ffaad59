// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target over saved inputs without libFuzzer: every file of the given folders, each also cut at a few
// places, because a parser's mistakes show at the ends. Part of every `meson test`.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kCuts = 64;  // per file

void run(const std::string& input, std::size_t length) {
  // A copy of exactly this length, so that the sanitizer sees a read beyond it.
  const std::vector<std::uint8_t> data(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length));
  LLVMFuzzerTestOneInput(data.data(), data.size());
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t step = std::max<std::size_t>(input.size() / kCuts, 1);
  for (std::size_t length = 0; length < input.size(); length += step) run(input, length);
  run(input, input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::printf("%s\n", path.filename().c_str());
    std::fflush(stdout);  // so that the last line names the file that crashed
    replay(path);
  }
  if (!files.empty()) return 0;
  std::fprintf(stderr, "no input found\n");
  return 1;
}
