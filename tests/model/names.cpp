// SPDX-License-Identifier: Apache-2.0
#include "tests/model/names.h"

#include <array>

#include "libstas/core/identity/nqn.h"

namespace stas::model {

const std::string kDeadAddress = "10.9.9.9";
const std::string kDeadAddress6 = "fd00::dead";
const std::string kFcHostPort = "nn-0x1000000000000009:pn-0x2000000000000009";

const std::string& address_of(int host) {
  static const std::array<std::string, kHosts> all{"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::4"};
  return all.at(static_cast<std::size_t>(host));
}

std::string fc_address_of(int host) {
  return "nn-0x100000000000000" + std::to_string(host) + ":pn-0x200000000000000" + std::to_string(host);
}

bool is_dead_address(const std::string& tid) {
  return tid.find(" " + kDeadAddress + ",") != std::string::npos ||
         tid.find(" " + kDeadAddress6 + ",") != std::string::npos;
}

std::string host_name_of(int host) { return "h" + std::to_string(host) + ".example"; }

const std::string& iface_name(int iface) {
  static const std::array<std::string, kIfaces> all{"", "eth0", "eth1"};
  return all.at(static_cast<std::size_t>(iface));
}

std::string unique_nqn_of(int host) { return "nqn.2024-01.example:dc" + std::to_string(host); }

std::string subsystem_nqn_of(int path) {
  return "nqn.2024-01.example:t" + std::to_string(path / kSubs) + "-s" + std::to_string(path % kSubs);
}

HostIdentity identity(int number) {
  const std::string uuid = std::string(8, static_cast<char>('1' + number)) + "-2222-3333-4444-555555555555";
  HostIdentity host;
  host.nqn = "nqn.2014-08.org.nvmexpress:uuid:" + uuid;
  host.id = uuid;
  host.symname = "rack-1";
  return host;
}

Interfaces interfaces(bool eth1_up) {
  static const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  static const Interfaces both{{"eth0", {ip("10.0.0.100"), ip("fd00::100")}, true},
                               {"eth1", {ip("10.0.0.101"), ip("fd00::101")}, true}};
  Interfaces now = both;
  now[1].up = eth1_up;
  return now;
}

std::string source_address(int host, int iface) {
  const int from = iface == 0 ? route_of(host) : iface;
  return std::string(is_v6(host) ? "fd00::10" : "10.0.0.10") + (from == 1 ? "0" : "1");
}

namespace {

TidFields ioc_fields(int path) {
  const int host = path / kSubs;
  const int sub = path % kSubs;
  if (is_fc(sub)) return {Transport::fc, fc_address_of(host), "", subsystem_nqn_of(path), "", "", ""};
  return {
      is_rdma(sub) ? Transport::rdma : Transport::tcp, address_of(host), "4420", subsystem_nqn_of(path), "", "", ""};
}

template <std::size_t N, class Make>
const Tid& cached(int name, int who, Make make) {
  static std::array<std::array<std::optional<Tid>, N>, 3> all;
  auto& slot = all.at(static_cast<std::size_t>(who)).at(static_cast<std::size_t>(name));
  if (!slot) slot = make();
  return *slot;
}

}  // namespace

Tid tid_of_ioc(int name, int who) {
  return cached<kIocNames>(name, who, [&] {
    auto fields = ioc_fields(path_of_ioc(name));
    if (is_fc(path_of_ioc(name) % kSubs))
      fields.host_traddr = iface_of_ioc(name) != 0 ? kFcHostPort : "";
    else
      fields.host_iface = iface_name(iface_of_ioc(name));
    fields.host_nqn = identity(other_of_ioc(name) != 0 ? 2 : who).nqn;
    return Tid(std::move(fields));
  });
}

Tid tid_of_dc(int name, int who) {
  return cached<kDcNames>(name, who, [&] {
    const int host = host_of_dc(name);
    return Tid(TidFields{Transport::tcp, address_of(host), "8009",
                         unique_of_dc(name) != 0 ? unique_nqn_of(host) : std::string(kWellKnownDiscoveryNqn), "",
                         iface_name(iface_of_dc(name)), identity(who).nqn});
  });
}

std::optional<int> host_of_address(const std::string& address) {
  for (int host = 0; host < kHosts; ++host)
    if (address == address_of(host) || address == fc_address_of(host)) return host;
  return std::nullopt;
}

namespace {

std::optional<int> iface_of(const Tid& tid) {
  if (tid.transport() == Transport::fc) return tid.host_traddr().empty() ? 0 : 1;
  for (int iface = 0; iface < kIfaces; ++iface)
    if (tid.host_iface() == iface_name(iface)) return iface;
  return std::nullopt;
}

}  // namespace

std::optional<int> find_ioc(const Tid& tid) {
  const auto host = host_of_address(tid.traddr());
  const auto iface = iface_of(tid);
  if (!host || !iface || tid.subsysnqn().empty()) return std::nullopt;
  const int path = path_of(*host, tid.subsysnqn().back() - '0');
  if (path < 0 || path >= static_cast<int>(kPaths) || tid.subsysnqn() != subsystem_nqn_of(path)) return std::nullopt;
  static const std::string other = identity(2).nqn;
  return ioc_name(path, *iface, tid.host_nqn() == other ? 1 : 0);
}

std::optional<int> find_dc(const Tid& tid) {
  const auto host = host_of_address(tid.traddr());
  const auto iface = iface_of(tid);
  if (!host || !iface || tid.trsvcid() != "8009") return std::nullopt;
  const bool unique = tid.subsysnqn() == unique_nqn_of(*host);
  if (!unique && tid.subsysnqn() != kWellKnownDiscoveryNqn) return std::nullopt;
  return dc_name(*host, *iface, unique ? 1 : 0);
}

int attempt_key(int name, const Tid& tid) {
  static const std::string first = identity(0).nqn, second = identity(1).nqn;
  return attempt_key(name, tid.host_nqn() == first ? 0 : tid.host_nqn() == second ? 1 : 2);
}

Dlpe io_entry(int path, bool ncc) {
  const auto fields = ioc_fields(path);
  Dlpe entry;
  entry.trtype = fields.transport == Transport::fc     ? kDlpTrtypeFc
                 : fields.transport == Transport::rdma ? kDlpTrtypeRdma
                                                       : kDlpTrtypeTcp;
  entry.adrfam = fields.transport == Transport::fc ? 4 : is_v6(path / kSubs) ? 2 : 1;
  entry.subtype = kDlpSubtypeNvme;
  entry.traddr = fields.traddr;
  entry.trsvcid = fields.trsvcid;
  entry.subnqn = fields.subsysnqn;
  if (ncc) entry.eflags = kEflagNcc;
  return entry;
}

Dlpe dc_entry(int host, bool unique, std::uint8_t subtype, bool dupretinfo, bool epcsd) {
  Dlpe entry;
  entry.trtype = kDlpTrtypeTcp;
  entry.adrfam = is_v6(host) ? 2 : 1;
  entry.subtype = subtype;
  entry.traddr = address_of(host);
  entry.trsvcid = "8009";
  entry.subnqn = unique ? unique_nqn_of(host) : std::string(kWellKnownDiscoveryNqn);
  if (dupretinfo) entry.eflags = kEflagDupretinfo;
  if (subtype == kDlpSubtypeDiscovery && epcsd) entry.eflags = kEflagEpcsd;  // it keeps its connections
  return entry;
}

}  // namespace stas::model
