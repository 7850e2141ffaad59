// SPDX-License-Identifier: Apache-2.0
//
// The state files in /run: whatever is in them, complaints are bounded, and what was taken is stable: written and read
// again it is the same, without complaint.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/identity/nqn.h"

namespace {

constexpr std::size_t kMaxComplaints = 17;

template <class Read, class Parse>
void check(const Read& read, const Parse& parse) {
  if (read.complaints.size() > kMaxComplaints) std::abort();
  for (const auto& complaint : read.complaints)
    if (stas::printable(complaint.text) != complaint.text) std::abort();
  const auto again = parse(stas::format_last_known(read.known), "f");
  if (again.known != read.known || !again.complaints.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(stas::parse_known_stafd(text, "f"), stas::parse_known_stafd);
  check(stas::parse_known_stacd(text, "f"), stas::parse_known_stacd);
  return 0;
}
