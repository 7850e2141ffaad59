// SPDX-License-Identifier: Apache-2.0
//
// What the kernel and udev write: byte 0 chooses a uevent, the address attribute of a controller, the answer of
// /dev/nvme-fabrics, its line of options, or a file of udev rules. Parts of most of them come from the controller.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/sys/daemon/udev_rules.h"
#include "libstas/sys/fabric/kernel/fabrics_device.h"
#include "libstas/sys/fabric/kernel/kernel_options.h"
#include "libstas/sys/fabric/kernel/sysfs.h"
#include "libstas/sys/fabric/kernel/uevent.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_address(std::string_view text) {
  stas::Device device;
  stas::parse_address_attribute(text, device);
  for (const auto* field : {&device.traddr, &device.trsvcid, &device.host_traddr, &device.host_iface, &device.src_addr})
    require(field->find(',') == std::string::npos && stas::is_valid_utf8(*field) && stas::printable(*field) == *field);
}

// Whatever the installed rules are, ours is known for ours, holds them whole, and its label is a line of its own.
void check_rules(std::string_view text) {
  constexpr std::string_view kEnd = "\n\nLABEL=\"stas_no_tcp\"\n";
  const std::string ours = stas::udev_rules_without_tcp(text);
  require(ours.starts_with(stas::kUdevOverrideMarker) && !stas::is_override_of_2_4_1(ours) && ours.ends_with(kEnd));
  const std::string_view before = std::string_view(ours).substr(0, ours.size() - kEnd.size());
  require(before.back() != '\\' && before.back() != '\n');
  while (!text.empty() && (text.back() == '\\' || text.back() == '\n')) text.remove_suffix(1);
  require(before.ends_with(text));
  (void)stas::is_override_of_2_4_1(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const char kind = text.front();
  text.remove_prefix(1);
  if (kind == 'u') {
    if (const auto event = stas::parse_uevent(text)) {
      require(stas::is_controller_name(event->name));
      require(event->reconnected || !event->rediscover);
    }
  } else if (kind == 'a') {
    check_address(text);
  } else if (kind == 'f') {
    if (const auto name = stas::parse_fabrics_reply(text)) require(stas::is_controller_name(*name));
  } else if (kind == 'o') {
    const auto options = stas::SupportedOptions::parse(text);
    require(!options.has("") && !options.has("instance"));
    (void)stas::release_numbers(text);
  } else if (kind == 'r') {
    check_rules(text);
  }
  return 0;
}
