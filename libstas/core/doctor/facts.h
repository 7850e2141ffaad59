// SPDX-License-Identifier: Apache-2.0
//
// What `stasadm doctor` knows of a host before it judges: plain values, collected by sys/doctor from files alone, so
// that a test, or a tree that is not this host (--root), is as good as the real one. What could not be read, or does
// not exist on this kernel, is absent, and nothing is concluded from it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libstas/core/config/config.h"

namespace stas::doctor {

// Bounds of what is looked at; what is beyond is left out.
inline constexpr std::size_t kMaxProcesses = 32768, kMaxControllers = 4096, kMaxInterfaces = 1024, kMaxRuleFiles = 1024;
inline constexpr std::size_t kMaxReached = 256;  // connections that are tried

// A configuration file of the administrator.
template <class Config>
struct Conf {
  std::string path;
  bool exists = false;
  std::string unreadable;  // not empty: why
  Config value;            // the defaults without a file
  std::vector<Complaint> complaints;
};

// A file that holds one line of the host's identity.
struct IdentityFile {
  std::string path;
  bool exists = false;
  std::string text;           // first line, trimmed; bounded
  std::int64_t modified = 0;  // seconds since 1970
};

struct Process {
  int pid = 0;
  std::string name;     // of the kernel, 15 bytes
  std::string command;  // with its arguments, blanks between them; bounded
};

// A controller that the kernel has, whoever made it.
struct Connected {
  std::string device, transport, hostnqn, hostid;
  std::string traddr, trsvcid, host_traddr, host_iface;
};

struct NetInterface {
  std::string name;
  int mtu = 0;
  bool up = false;
};

// How a TCP connection ended that was tried.
enum class Answer : std::uint8_t {
  connected,
  refused,      // a reset
  denied,       // EPERM, EACCES: a rule of this host, or ICMPv6 "administratively prohibited"
  unreachable,  // no route, no such source, or ICMP said so
  silent,       // nothing came
  failed,       // anything else
};

// A controller's address to which a connection was tried.
struct Reached {
  std::string where;        // "192.0.2.1:8009 from 192.0.2.9 through eth0"
  bool configured = false;  // else the kernel has a connection to it, whoever made that
  Answer answer = Answer::failed;
  std::string words;  // of an error
  int carries = 0;    // bytes of an IP packet: the MTU of the path, or less if the other end takes less; 0: not known
  std::string interface;  // that it leaves by; "" unknown, or the loopback interface
  int interface_mtu = 0;
};

// Whose /run/udev/rules.d/70-nvmf-autoconnect.rules is.
enum class UdevOverrideOwner : std::uint8_t { nobody, stacd, stafd_of_2_4_1, somebody };

struct Facts {
  // Who asks, and what for. Without root some facts are missing.
  bool root = false;
  std::int64_t now = 0;  // seconds since 1970; 0: not known

  // The kernel.
  std::string release;                    // "6.1.0-13-amd64", "" unknown
  std::optional<bool> fabrics_device;     // /dev/nvme-fabrics
  std::set<std::string> modules;          // nvme_fabrics, nvme_tcp, ...: loaded or built in
  std::set<std::string> modules_on_disk;  // that could be
  bool modules_known = false;             // the two above were read
  std::optional<std::string> options;     // the kernel's list of connect options; nullopt: it does not tell
  std::optional<std::string> keys;        // /proc/keys, as far as who asks may see it

  // The identity.
  IdentityFile hostnqn, hostid, machine_id;
  Conf<StafdConfig> stafd;
  Conf<StacdConfig> stacd;
  std::string sys_conf_path;
  std::optional<std::string> nqn, id;  // that the daemons use; nullopt: see identity_error
  std::string identity_error;          // why there is none
  std::vector<Complaint> identity_complaints;
  std::set<std::string> uuids_of_machine;  // from its machine ID and firmware, as stasadm makes them; lower case
  std::vector<Connected> controllers;

  // Others on this host.
  std::vector<Process> processes;
  bool processes_known = false;
  bool autoconnect_enabled = false;          // nvmf-autoconnect.service of nvme-cli
  bool discovery_conf = false;               // nvme-cli's discovery.conf or config.json says something
  bool udev_rules_installed = false;         // nvme-cli's
  bool udev_rules_by_administrator = false;  // a file of that name in /etc
  UdevOverrideOwner udev_override = UdevOverrideOwner::nobody;
  std::vector<std::string> other_rules;  // files with udev rules that start connections, nvme-cli's left out

  // The network.
  std::vector<NetInterface> interfaces;
  std::optional<int> mdns_sockets;          // bound to UDP port 5353
  std::optional<int> igmp_max_memberships;  // of IPv4, per socket
  std::optional<int> tcp_mtu_probing;       // 0: the kernel does not notice a path whose MTU is smaller
  std::optional<bool> clock_synchronized;
  std::vector<Reached> reached;    // by try_controllers() only
  std::size_t reach_left_out = 0;  // beyond kMaxReached
};

}  // namespace stas::doctor
