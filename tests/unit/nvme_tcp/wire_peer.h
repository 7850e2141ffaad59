// SPDX-License-Identifier: Apache-2.0
//
// The controller's side of the wire for tests: PDUs as raw bytes, so that every field can be wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstas/core/base/endian.h"
#include "libstas/nvme_tcp/crc32c.h"

namespace stas::nvme_tcp::peer {

inline std::string header(std::uint8_t type, std::uint8_t flags, std::size_t hlen, std::uint8_t pdo, std::size_t plen) {
  std::string pdu(hlen, '\0');
  put_le(pdu, 0, type);
  put_le(pdu, 1, flags);
  put_le(pdu, 2, static_cast<std::uint8_t>(hlen));
  put_le(pdu, 3, pdo);
  put_le(pdu, 4, static_cast<std::uint32_t>(plen));
  return pdu;
}

inline std::string digest(std::string_view bytes) {
  std::string text(4, '\0');
  put_le(text, 0, crc32c(bytes));
  return text;
}

inline std::string ic_resp(std::uint8_t digests = 0, std::uint8_t cpda = 0, std::uint32_t max_h2c_data = 131072,
                           std::uint16_t pfv = 0) {
  auto pdu = header(0x01, 0, 128, 0, 128);
  put_le(pdu, 8, pfv);
  put_le(pdu, 10, cpda);
  put_le(pdu, 11, digests);
  put_le(pdu, 12, max_h2c_data);
  return pdu;
}

inline std::string response(std::uint16_t cid, std::uint64_t result = 0, std::uint16_t status = 0, bool dnr = false,
                            bool header_digest = false) {
  auto pdu = header(0x05, header_digest ? 1 : 0, 24, 0, header_digest ? 28 : 24);
  put_le(pdu, 8, result);
  put_le(pdu, 20, cid);
  put_le(pdu, 22, static_cast<std::uint16_t>(status << 1 | (dnr ? 0x8000 : 0)));
  return header_digest ? pdu + digest(pdu) : pdu;
}

struct Data {
  std::uint16_t cid = 0;
  std::uint32_t offset = 0;
  bool last = true;
  bool success = false;
};
inline std::string data(const Data& d, std::string_view bytes, bool digests = false) {
  const std::uint8_t pdo = digests ? 28 : 24;
  const auto flags = (digests ? 3U : 0U) | (d.last ? 4U : 0U) | (d.success ? 8U : 0U);
  auto pdu = header(0x07, static_cast<std::uint8_t>(flags), 24, pdo, pdo + bytes.size() + (digests ? 4 : 0));
  put_le(pdu, 8, d.cid);
  put_le(pdu, 12, d.offset);
  put_le(pdu, 16, static_cast<std::uint32_t>(bytes.size()));
  if (digests) pdu += digest(pdu);
  pdu += bytes;
  if (digests) pdu += digest(bytes);
  return pdu;
}

inline std::string r2t(std::uint16_t cid, std::uint16_t tag, std::uint32_t offset, std::uint32_t length) {
  auto pdu = header(0x09, 0, 24, 0, 24);
  put_le(pdu, 8, cid);
  put_le(pdu, 10, tag);
  put_le(pdu, 12, offset);
  put_le(pdu, 16, length);
  return pdu;
}

// Fields of what the host sent.
inline std::uint16_t cid_of(std::string_view capsule) { return get_le<std::uint16_t>(capsule, 8 + 2); }
inline std::uint8_t opcode_of(std::string_view capsule) { return get_le<std::uint8_t>(capsule, 8); }

}  // namespace stas::nvme_tcp::peer
