// SPDX-License-Identifier: Apache-2.0
//
// The controller's end of NVMe/TCP PDUs: a bounded incremental reader of what hosts send, and writers of what they get.
// Digests, padding and PDO are handled here; what a PDU means is not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "tests/target/core/wire.h"

namespace stas::target {

enum class PduType : std::uint8_t {
  icreq = 0x00,
  icresp = 0x01,
  h2c_term = 0x02,
  c2h_term = 0x03,
  capsule_cmd = 0x04,
  capsule_resp = 0x05,
  h2c_data = 0x06,
  c2h_data = 0x07,
  r2t = 0x09,
};

namespace pdu_flag {
inline constexpr std::uint8_t kHeaderDigest = 1, kDataDigest = 2, kLast = 4, kSuccess = 8;
}

/// Fatal error status of a TermReq.
enum class Fes : std::uint16_t {
  invalid_header = 1,
  sequence = 2,
  header_digest = 3,
  out_of_range = 4,
  limit_exceeded = 5,
  unsupported_parameter = 6,
};

struct Pdu {
  PduType type = PduType::icreq;
  std::uint8_t flags = 0;
  View header;  ///< HLEN bytes; in the reader's buffer, until the next call of room()
  View data;    ///< likewise
  bool data_digest_wrong = false;
};

struct PduError {
  Fes fes = Fes::invalid_header;
  std::uint32_t fei = 0;
  Bytes header;  ///< as much of the bad one as there is
};

/// What both ends agreed on, and the bounds the reader enforces.
struct PduSettings {
  bool negotiated = false;
  bool header_digest = false;
  bool data_digest = false;
  std::size_t data_alignment = 4;  ///< of PDO in C2HData, from HPDA
  std::size_t host_alignment = 4;  ///< of PDO in what the host sends, from CPDA
  std::size_t max_capsule_data = 8192;
  std::size_t max_h2c_data = 131072;
};

class PduReader {
 public:
  /// Where to receive into: room for at least `least` bytes; say with grow() how many came.
  std::span<std::uint8_t> room(std::size_t least);
  void grow(std::size_t received) { end_ += received; }

  /// The next complete PDU, what is wrong with it, or nothing yet.
  std::variant<std::monostate, Pdu, PduError> next(const PduSettings& settings);

 private:
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Writers append one PDU to `out`. `damage` flips a bit of the digest concerned (an injected fault).
struct IcResp {
  std::uint16_t pfv = 0;
  std::uint8_t cpda = 0;
  bool header_digest = false;
  bool data_digest = false;
  std::uint32_t maxh2cdata = 0;
};
void write_icresp(Bytes& out, const IcResp& response);
void write_response(Bytes& out, const PduSettings& settings, const std::array<std::uint8_t, 16>& cqe, bool damage);
void write_r2t(Bytes& out, const PduSettings& settings, std::uint16_t cid, std::uint16_t ttag, std::uint32_t offset,
               std::uint32_t length);

struct C2hChunk {
  std::uint16_t cid;
  std::uint32_t offset;
  View data;
  std::uint8_t flags;  ///< kLast, kSuccess
  bool damage_header;
  bool damage_data;
};
/// Everything of a C2HData PDU before its data, and what follows it.
void write_c2h_head(Bytes& out, const PduSettings& settings, const C2hChunk& chunk);
void write_c2h_tail(Bytes& out, const PduSettings& settings, const C2hChunk& chunk);
void write_term(Bytes& out, const PduError& error);

}  // namespace stas::target
