// SPDX-License-Identifier: Apache-2.0
//
// Interfaces, sockets and settings of the network, as /sys and /proc show them.
#include <algorithm>
#include <cstdlib>

#include "libstas/core/base/text.h"
#include "libstas/sys/doctor/tree.h"

namespace stas::doctor {

namespace {

constexpr std::string_view kMdnsPort = ":14E9";  // 5353

// Lines of /proc/net/udp: "  sl  local_address ...", then "  12: 00000000:14E9 ...".
int sockets_on_mdns_port(const std::string& table) {
  int count = 0;
  for (std::size_t begin = 0; begin < table.size();) {
    const auto end = std::min(table.find('\n', begin), table.size());
    const std::string_view line = std::string_view(table).substr(begin, end - begin);
    begin = end + 1;
    const auto address = line.find(": ");
    if (address == std::string_view::npos) continue;
    const auto local = line.substr(address + 2, line.find(' ', address + 2) - address - 2);
    if (local.ends_with(kMdnsPort)) ++count;
  }
  return count;
}

bool is_up(const std::string& state, const std::string& flags) {
  // The loopback interface is "unknown"; IFF_UP is bit 0.
  if (state == "up") return true;
  return state == "unknown" && (std::strtoul(flags.c_str(), nullptr, 0) & 1U) != 0;
}

}  // namespace

void collect_network(const Tree& tree, Facts& facts) {
  for (const auto& name : tree.names("/sys/class/net", kMaxInterfaces)) {
    const std::string directory = "/sys/class/net/" + name + "/";
    const auto mtu = tree.number(directory + "mtu");
    if (!mtu) continue;
    facts.interfaces.push_back({name, *mtu, is_up(tree.line(directory + "operstate"), tree.line(directory + "flags"))});
  }
  if (tree.exists("/proc/net/udp"))
    facts.mdns_sockets =
        sockets_on_mdns_port(tree.text("/proc/net/udp")) + sockets_on_mdns_port(tree.text("/proc/net/udp6"));
  facts.igmp_max_memberships = tree.number("/proc/sys/net/ipv4/igmp_max_memberships");
  facts.tcp_mtu_probing = tree.number("/proc/sys/net/ipv4/tcp_mtu_probing");
}

}  // namespace stas::doctor
