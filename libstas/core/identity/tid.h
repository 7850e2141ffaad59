// SPDX-License-Identifier: Apache-2.0
//
// Transport ID: the seven fields that identify a controller on a fabric. A Tid is an immutable value, cheap to copy,
// and canonical from birth: addresses in canonical form (core/identity/address), default ports filled in, decimal ports
// without leading zeros, FC addresses in lower case, no port for fc and loop. Connection parameters are not part of it
// (core/identity/connect_options).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libstas/core/identity/address.h"

namespace stas {

enum class Transport : std::uint8_t { tcp, rdma, fc, loop };

// Lower case names of the contract: "tcp", "rdma", "fc", "loop".
std::optional<Transport> parse_transport(std::string_view text);
std::string_view to_text(Transport transport);
// Transports whose traddr is an IP address (or a host name that resolves to one).
inline bool is_ip_transport(Transport t) { return t == Transport::tcp || t == Transport::rdma; }

// tcp 8009 (discovery and I/O alike), rdma 4420, others "".
std::string_view default_trsvcid(Transport transport);

// The raw material of a Tid, named as in the configuration and on D-Bus.
struct TidFields {
  Transport transport = Transport::tcp;
  std::string traddr;
  std::string trsvcid;
  std::string subsysnqn;
  std::string host_traddr;
  std::string host_iface;
  std::string host_nqn;
  friend auto operator<=>(const TidFields&, const TidFields&) = default;
};

class Tid {
 public:
  explicit Tid(TidFields fields);

  Transport transport() const { return data_->fields.transport; }
  const std::string& traddr() const { return data_->fields.traddr; }
  const std::string& trsvcid() const { return data_->fields.trsvcid; }
  const std::string& subsysnqn() const { return data_->fields.subsysnqn; }
  const std::string& host_traddr() const { return data_->fields.host_traddr; }
  const std::string& host_iface() const { return data_->fields.host_iface; }
  const std::string& host_nqn() const { return data_->fields.host_nqn; }
  const TidFields& fields() const { return data_->fields; }
  // The address as a value; nullopt for fc and loop, and when traddr is a host name not resolved yet.
  const std::optional<IpAddress>& ip() const { return data_->ip; }
  std::size_t hash() const { return data_->hash; }

  // "(tcp, 10.0.0.1, 8009, nqn.x, eth0, 10.0.0.9)": empty optional parts left out, trsvcid always there, host NQN never
  // (compatibility contract 4.3). Control characters from the network are replaced by '?'.
  std::string to_string() const;

  friend bool operator==(const Tid& a, const Tid& b) {
    return a.data_ == b.data_ || (a.data_->hash == b.data_->hash && a.data_->fields == b.data_->fields);
  }
  friend std::strong_ordering operator<=>(const Tid& a, const Tid& b) { return a.data_->fields <=> b.data_->fields; }

 private:
  struct Data {
    TidFields fields;
    std::optional<IpAddress> ip;
    std::size_t hash = 0;
  };
  std::shared_ptr<const Data> data_;  // shared because a Tid is copied into every event and action that names it
};

// The same but for one field.
Tid with(const Tid& tid, std::string TidFields::*field, const std::string& value);
// Who can be one controller under several names: transport, address and port are the same.
bool same_place(const Tid& a, const Tid& b);
std::string place_of(const Tid& tid);  // the same as a key

}  // namespace stas

template <>
struct std::hash<stas::Tid> {
  std::size_t operator()(const stas::Tid& tid) const noexcept { return tid.hash(); }
};
