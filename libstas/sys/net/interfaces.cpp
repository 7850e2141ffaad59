// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/interfaces.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "libstas/sys/net/socket_address.h"

namespace stas {

namespace {

// packet(7): getifaddrs(3) lists the link layer as another family of addresses.
std::optional<std::array<std::uint8_t, 6>> mac_of(const sockaddr* address) {
  if (address == nullptr || address->sa_family != AF_PACKET) return std::nullopt;
  sockaddr_ll link{};
  std::memcpy(&link, address, sizeof link);
  std::array<std::uint8_t, 6> mac{};
  if (link.sll_halen != mac.size()) return std::nullopt;
  std::copy_n(link.sll_addr, mac.size(), mac.begin());
  return mac;
}

}  // namespace

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
    if (const auto mac = mac_of(entry->ifa_addr)) interfaces[found->second].mac = *mac;
    auto& addresses = interfaces[found->second].addresses;
    const auto address = to_ip_address(entry->ifa_addr);
    if (address && addresses.size() < kMaxInterfaceAddresses) addresses.push_back(address->with_scope({}));
  }
  return interfaces;
}

}  // namespace stas
