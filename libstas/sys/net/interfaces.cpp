// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/interfaces.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <ifaddrs.h>
#include <net/if.h>

#include "libstas/sys/net/socket_address.h"

namespace stas {

Result<Interfaces> read_interfaces() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) {
    const int error = errno;
    return fail(ErrorKind::io, std::string("network interfaces: ") + std::strerror(error), error);
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);

  Interfaces interfaces;
  std::unordered_map<std::string, std::size_t> index;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_name == nullptr) continue;
    // An IPv4 address with a label ("eth0:1") comes under that label; names themselves contain no colon.
    const std::string_view label(entry->ifa_name);
    std::string name(label.substr(0, label.find(':')));
    auto found = index.find(name);
    if (found == index.end()) {
      if (interfaces.size() >= kMaxInterfaces) continue;
      found = index.emplace(name, interfaces.size()).first;
      const bool up = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_RUNNING) != 0;
      interfaces.push_back({std::move(name), {}, up});
    }
    auto& addresses = interfaces[found->second].addresses;
    const auto address = to_ip_address(entry->ifa_addr);
    if (address && addresses.size() < kMaxInterfaceAddresses) addresses.push_back(address->with_scope({}));
  }
  return interfaces;
}

}  // namespace stas
