// SPDX-License-Identifier: Apache-2.0
//
// The ring and its pcapng form: one section, one interface, an enhanced packet block per piece.
#include "tests/target/transport/trace.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace stas::target {
namespace {

constexpr std::size_t kRoom = std::size_t{16} << 20;
constexpr std::size_t kSegment = 16384;  // what one invented IP packet carries
constexpr std::uint32_t kOurAddress = 0x7F000001, kTheirAddress = 0x7F000002;

void put_be16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value & 0xFF));
}

void put_be32(Bytes& out, std::uint32_t value) {
  put_be16(out, static_cast<std::uint16_t>(value >> 16));
  put_be16(out, static_cast<std::uint16_t>(value & 0xFFFF));
}

void add32(Bytes& out, std::uint32_t value) {
  out.resize(out.size() + 4);
  put32(&out[out.size() - 4], value);
}

/// A block: type, length, body padded to dwords, length again.
void add_block(Bytes& out, std::uint32_t type, Bytes body) {
  body.resize((body.size() + 3) / 4 * 4, 0);
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  add32(out, type);
  add32(out, length);
  out.insert(out.end(), body.begin(), body.end());
  add32(out, length);
}

/// IPv4 and TCP headers without checksums; addresses are told apart by their ports.
Bytes packet(std::uint16_t from, std::uint16_t to, bool from_host, std::uint32_t sequence, std::uint32_t acknowledged,
             View payload) {
  Bytes out{0x45, 0};
  put_be16(out, static_cast<std::uint16_t>(40 + payload.size()));
  put_be32(out, 0x00004000);  // identification, don't fragment
  put_be32(out, 0x40060000);  // TTL 64, TCP, no checksum
  put_be32(out, from_host ? kTheirAddress : kOurAddress);
  put_be32(out, from_host ? kOurAddress : kTheirAddress);
  put_be16(out, from);
  put_be16(out, to);
  put_be32(out, sequence);
  put_be32(out, acknowledged);
  put_be32(out, 0x5018FFFF);  // header of 20 bytes, PSH and ACK, window
  put_be32(out, 0);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

void Trace::clear() {
  pieces_.clear();
  held_ = 0;
}

void Trace::record(std::uint64_t connection, const Ends& ends, bool from_host, View bytes) {
  if (!enabled_ || bytes.empty()) return;
  Flow& flow = flows_[connection];
  flow.ends = ends;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  for (std::size_t at = 0; at < bytes.size(); at += kSegment) {
    const View part = bytes.subspan(at, std::min(kSegment, bytes.size() - at));
    std::uint32_t& next = flow.next[from_host ? 1 : 0];
    pieces_.push_back({connection, from_host, next, micros, Bytes(part.begin(), part.end())});
    next += static_cast<std::uint32_t>(part.size());
    held_ += part.size();
  }
  while (held_ > kRoom) {
    held_ -= pieces_.front().bytes.size();
    pieces_.pop_front();
  }
}

Bytes Trace::pcapng() const {
  constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A, kInterface = 1, kPacket = 6;
  constexpr std::uint32_t kRawIp = 101;
  Bytes out;
  Bytes head;
  add32(head, 0x1A2B3C4D);
  add32(head, 1);  // version 1.0
  add32(head, 0xFFFFFFFF);
  add32(head, 0xFFFFFFFF);  // length of the section: unknown
  add_block(out, kSectionHeader, std::move(head));
  Bytes interface;
  add32(interface, kRawIp);
  add32(interface, 0);
  add_block(out, kInterface, std::move(interface));
  std::map<std::uint64_t, std::array<std::uint32_t, 2>> seen;
  for (const Piece& piece : pieces_) {
    const Flow& flow = flows_.at(piece.connection);
    const auto peer = static_cast<std::uint16_t>(std::strtoul(flow.ends.peer_port.c_str(), nullptr, 10));
    const std::uint16_t local = flow.ends.local_port;
    auto& ends = seen[piece.connection];
    const Bytes bytes = packet(piece.from_host ? peer : local, piece.from_host ? local : peer, piece.from_host,
                               piece.sequence, ends[piece.from_host ? 0 : 1], piece.bytes);
    ends[piece.from_host ? 1 : 0] = piece.sequence + static_cast<std::uint32_t>(piece.bytes.size());
    Bytes body;
    add32(body, 0);
    add32(body, static_cast<std::uint32_t>(piece.micros >> 32));
    add32(body, static_cast<std::uint32_t>(piece.micros & 0xFFFFFFFF));
    add32(body, static_cast<std::uint32_t>(bytes.size()));
    add32(body, static_cast<std::uint32_t>(bytes.size()));
    body.insert(body.end(), bytes.begin(), bytes.end());
    add_block(out, kPacket, std::move(body));
  }
  return out;
}

}  // namespace stas::target
