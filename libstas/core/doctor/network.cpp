// SPDX-License-Identifier: Apache-2.0
//
// Can discovery controllers be found, and does what they send arrive: mDNS and who serves it, multicast groups, the MTU
// of the path, the clock.
#include <algorithm>
#include <string>
#include <string_view>

#include "libstas/core/base/shown.h"
#include "libstas/core/doctor/facts.h"
#include "libstas/core/doctor/finding.h"

namespace stas::doctor {

namespace {

constexpr int kEthernetMtu = 1500;
// Before the first release of this program: the clock of a machine whose battery is empty.
constexpr std::int64_t kFirstRelease = 1767225600;  // 2026-01-01

bool runs(const Facts& facts, std::string_view name) {
  return std::any_of(facts.processes.begin(), facts.processes.end(),
                     [&](const Process& process) { return process.name == name; });
}

void examine_mdns(const Facts& facts, Findings& out) {
  if (!facts.stafd.value.zeroconf) return;
  const bool avahi = runs(facts, "avahi-daemon");
  if (facts.processes_known && !avahi) {
    // Configured controllers need none.
    const bool other_ways = !facts.stafd.value.controllers.empty();
    out.push_back(
        {"no-avahi", other_ways ? Weight::note : Weight::warning,
         std::string("avahi-daemon does not run, so nothing is found by mDNS") +
             (other_ways ? "" : ", and no discovery controller is configured"),
         "systemctl enable --now avahi-daemon; without mDNS, write zeroconf=disabled into " + facts.stafd.path});
  }
  if (avahi && facts.mdns_sockets && *facts.mdns_sockets == 0) {
    out.push_back({"mdns-deaf", Weight::problem, "avahi-daemon runs, and nobody listens on UDP port 5353",
                   "journalctl -u avahi-daemon tells why; look for disallow-other-stacks= and allow-interfaces= in "
                   "/etc/avahi/avahi-daemon.conf"});
  }
  // Avahi has one socket for IPv4 and one for IPv6.
  if (avahi && facts.mdns_sockets && *facts.mdns_sockets > 2) {
    out.push_back(
        {"mdns-shared", Weight::warning,
         std::to_string(*facts.mdns_sockets) + " sockets are bound to UDP port 5353" +
             (runs(facts, "systemd-resolve") ? ", systemd-resolved probably being another mDNS responder" : "") +
             ": answers may reach the other one",
         "leave mDNS to one program: MulticastDNS=no in /etc/systemd/resolved.conf; \"ss -ulpn sport = 5353\" "
         "names them"});
  }
  if (runs(facts, "firewalld")) {
    out.push_back(
        {"firewall", Weight::note, "firewalld runs: it has to let mDNS in",
         "firewall-cmd --query-service=mdns, and if it says no: firewall-cmd --add-service=mdns --permanent"});
  }
  const auto up = std::count_if(facts.interfaces.begin(), facts.interfaces.end(),
                                [](const NetInterface& one) { return one.up && one.name != "lo"; });
  if (facts.igmp_max_memberships && up > *facts.igmp_max_memberships) {
    out.push_back({"igmp-memberships", Weight::problem,
                   std::to_string(up) + " interfaces are up, and a socket may join multicast groups on " +
                       std::to_string(*facts.igmp_max_memberships) + " only: on the others mDNS is deaf",
                   "sysctl -w net.ipv4.igmp_max_memberships=" + std::to_string(2 * up) +
                       ", and the same into /etc/sysctl.d; then: systemctl restart avahi-daemon"});
  }
}

void examine_mtu(const Facts& facts, Findings& out) {
  if (!facts.tcp_mtu_probing || *facts.tcp_mtu_probing != 0) return;
  const auto jumbo = std::find_if(facts.interfaces.begin(), facts.interfaces.end(), [](const NetInterface& one) {
    return one.up && one.mtu > kEthernetMtu && one.name != "lo";
  });
  if (jumbo == facts.interfaces.end()) return;
  out.push_back(
      {"mtu-black-hole", Weight::note,
       shown(jumbo->name) + " has an MTU of " + std::to_string(jumbo->mtu) +
           ": if any switch on the way takes less, connections are made and then hang at the first large transfer",
       "ping -M do -s " + std::to_string(jumbo->mtu - 28) +
           " ADDRESS shows it for a target; sysctl -w "
           "net.ipv4.tcp_mtu_probing=1 lets the kernel find its way round"});
}

void examine_clock(const Facts& facts, Findings& out) {
  if (facts.now != 0 && facts.now < kFirstRelease) {
    out.push_back({"clock-wrong", Weight::problem, "the clock of this host is years behind",
                   "set it: timedatectl set-ntp true; certificates for TLS are refused until then"});
  } else if (facts.clock_synchronized && !*facts.clock_synchronized) {
    out.push_back(
        {"clock-not-synchronized", Weight::note,
         "the clock is not synchronized, so times in the journal and in stacctl history cannot be compared with "
         "those of the storage",
         "timedatectl set-ntp true, or install chrony"});
  }
}

}  // namespace

void examine_network(const Facts& facts, Findings& out) {
  examine_mdns(facts, out);
  examine_mtu(facts, out);
  examine_clock(facts, out);
}

}  // namespace stas::doctor
