// SPDX-License-Identifier: Apache-2.0
//
// A ring of what connections have sent and received, newest kept, and its form as a pcapng file with invented IP and
// TCP headers, so that tshark decodes it. Off until somebody asks for it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "tests/target/core/wire.h"

namespace stas::target {

class Trace {
 public:
  struct Ends {
    std::string peer_address;
    std::string peer_port;
    std::uint16_t local_port = 0;
  };

  void enable(bool on) { enabled_ = on; }
  [[nodiscard]] bool is_enabled() const { return enabled_; }
  void clear();
  /// Bytes as they went over the socket of a connection.
  void record(std::uint64_t connection, const Ends& ends, bool from_host, View bytes);
  /// The ring as pcapng (link type raw IP).
  [[nodiscard]] Bytes pcapng() const;
  [[nodiscard]] std::size_t pieces() const { return pieces_.size(); }

 private:
  struct Piece {
    std::uint64_t connection;
    bool from_host;
    std::uint32_t sequence;  ///< of its first byte in its direction
    std::uint64_t micros;    ///< since 1970
    Bytes bytes;
  };
  struct Flow {
    Ends ends;
    std::uint32_t next[2] = {1, 1};  ///< by direction: to the host, from it
  };

  bool enabled_ = false;
  std::deque<Piece> pieces_;
  std::size_t held_ = 0;
  std::map<std::uint64_t, Flow> flows_;
};

}  // namespace stas::target
