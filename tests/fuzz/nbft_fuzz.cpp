// SPDX-License-Identifier: Apache-2.0
//
// The boot table of the firmware; the checksum is made right, so that the rest is read. What comes out can be
// connected.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/discovery/nbft.h"
#include "libstas/core/identity/nqn.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string table(reinterpret_cast<const char*>(data), size);
  if (table.size() > 9) {
    table[9] = 0;
    unsigned sum = 0;
    for (const char c : table) sum += static_cast<unsigned char>(c);
    table[9] = static_cast<char>(256 - sum % 256);
  }
  const auto nbft = stas::parse_nbft(table);
  if (!nbft) return 0;
  require(nbft->host_nqn.empty() || stas::is_usable_nqn(nbft->host_nqn));
  for (const auto* list : {&nbft->discovery_controllers, &nbft->subsystems})
    for (const auto& controller : *list) {
      require(stas::is_usable_nqn(controller.nqn) && stas::is_injection_free(controller.nqn));
      require(stas::IpAddress::parse(controller.traddr).has_value());
    }
  for (const auto& entry : nbft->left_out) require(stas::printable(entry.text) == entry.text);
  return 0;
}
