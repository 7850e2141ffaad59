// SPDX-License-Identifier: Apache-2.0
//
// Canonical transport IDs (compatibility contract 4.1-4.3; the canonical spelling of addresses and ports is ours, so
// that two spellings of one controller are one Tid).
#include "libstas/core/identity/tid.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

constexpr std::array<std::pair<std::string_view, Transport>, 4> kTransports{{
    {"tcp", Transport::tcp},
    {"rdma", Transport::rdma},
    {"fc", Transport::fc},
    {"loop", Transport::loop},
}};

void lower(std::string& text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::string canonical_port(std::string port, Transport transport) {
  if (!is_ip_transport(transport)) return {};
  if (port.empty()) return std::string(default_trsvcid(transport));
  const bool decimal = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (decimal) port.erase(0, std::min(port.find_first_not_of('0'), port.size() - 1));
  return port;
}

// The address as a value, and its text in canonical form. A text that is no address (a host name) stays as it is.
std::optional<IpAddress> canonical_ip(std::string& text) {
  auto ip = IpAddress::parse(text);
  if (ip) text = ip->to_string();
  return ip;
}

std::size_t hash_of(const TidFields& fields) {
  std::uint64_t state = static_cast<std::uint64_t>(fields.transport);
  for (const std::string* field : {&fields.traddr, &fields.trsvcid, &fields.subsysnqn, &fields.host_traddr,
                                   &fields.host_iface, &fields.host_nqn}) {
    state = (state ^ std::hash<std::string>{}(*field)) * 0x9e3779b97f4a7c15U;
    state ^= state >> 32U;
  }
  return static_cast<std::size_t>(state);
}

}  // namespace

std::optional<Transport> parse_transport(std::string_view text) {
  for (const auto& [name, transport] : kTransports)
    if (name == text) return transport;
  return std::nullopt;
}

std::string_view to_text(Transport transport) {
  for (const auto& [name, value] : kTransports)
    if (value == transport) return name;
  return {};
}

std::string_view default_trsvcid(Transport transport) {
  switch (transport) {
    case Transport::tcp:
      return "8009";
    case Transport::rdma:
      return "4420";
    case Transport::fc:
    case Transport::loop:
      break;
  }
  return {};
}

Tid::Tid(TidFields fields) {
  auto data = std::make_shared<Data>();
  data->fields = std::move(fields);
  TidFields& f = data->fields;
  f.trsvcid = canonical_port(std::move(f.trsvcid), f.transport);
  if (is_ip_transport(f.transport)) {
    data->ip = canonical_ip(f.traddr);
    canonical_ip(f.host_traddr);
  } else if (f.transport == Transport::fc) {
    lower(f.traddr);
    lower(f.host_traddr);
  }
  data->hash = hash_of(f);
  data_ = std::move(data);
}

std::string Tid::to_string() const {
  const TidFields& f = fields();
  std::string text = "(";
  text.append(to_text(f.transport)).append(", ").append(f.traddr).append(", ").append(f.trsvcid);
  for (const std::string* part : {&f.subsysnqn, &f.host_iface, &f.host_traddr})
    if (!part->empty()) text.append(", ").append(*part);
  return printable(text.append(1, ')'));
}

Tid with(const Tid& tid, std::string TidFields::*field, const std::string& value) {
  if (tid.fields().*field == value) return tid;
  TidFields fields = tid.fields();
  fields.*field = value;
  return Tid(std::move(fields));
}

bool same_place(const Tid& a, const Tid& b) {
  return a.transport() == b.transport() && a.traddr() == b.traddr() && a.trsvcid() == b.trsvcid();
}

std::string place_of(const Tid& tid) {
  return std::string(to_text(tid.transport())) + '|' + tid.traddr() + '|' + tid.trsvcid();
}

}  // namespace stas
