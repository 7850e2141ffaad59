// SPDX-License-Identifier: Apache-2.0
//
// Which options the running kernel understands in a connect string. Newer kernels print the list when
// /dev/nvme-fabrics is read without a write; kernels before 5.17 answer EINVAL and are judged by their release.
// An option that is not in the list makes the kernel refuse the whole connect, so only listed ones are sent.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stas {

inline constexpr std::size_t kMaxOptionsLine = 4096;  // the kernel prints some 400 bytes

class SupportedOptions {
 public:
  // "instance=-1,cntlid=-1,transport=%s,traddr=%s,...,discovery,...\n"; bytes beyond the bound or the line are ignored.
  static SupportedOptions parse(std::string_view line);
  // What a kernel of this release ("6.1.0-13-amd64") knows; also true for newer ones.
  static SupportedOptions for_release(std::string_view release);
  // Everything this program can send: to check a connect before any kernel is asked.
  static SupportedOptions everything();

  bool has(std::string_view option) const { return names_.find(option) != names_.end(); }
  bool empty() const { return names_.empty(); }

 private:
  std::set<std::string, std::less<>> names_;
};

// The numbers of a kernel release, in order: "6.1.0-13-amd64" -> 6, 1, 0, 13, 64 (compatibility contract 7.1).
std::vector<unsigned> release_numbers(std::string_view release);

}  // namespace stas
