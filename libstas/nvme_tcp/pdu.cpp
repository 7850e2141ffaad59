// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/pdu.h"

#include <algorithm>
#include <utility>

#include "libstas/core/base/endian.h"
#include "libstas/nvme_tcp/crc32c.h"

namespace stas::nvme_tcp {

namespace {

constexpr std::uint8_t kFlagHeaderDigest = 1U << 0, kFlagDataDigest = 1U << 1, kFlagLast = 1U << 2,
                       kFlagSuccess = 1U << 3;
constexpr std::uint8_t kIcHeaderDigest = 1U << 0, kIcDataDigest = 1U << 1;

// Offsets of the common header.
constexpr std::size_t kAtFlags = 1, kAtHlen = 2, kAtPdo = 3, kAtPlen = 4;

struct Header {
  PduType type = PduType::ic_resp;
  std::uint8_t flags = 0;
  std::uint8_t hlen = 0;
  std::uint8_t pdo = 0;
  std::uint32_t plen = 0;
};

auto violation(FatalStatus status, std::uint32_t info, std::string text, std::string_view pdu) {
  return tl::unexpected(Violation{status, info, std::move(text), std::string(pdu.substr(0, 128))});
}

std::string hex(std::uint32_t value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value & 0xFU]);
    value >>= 4U;
  } while (value != 0);
  return "0x" + text;
}

bool is_from_controller(std::uint8_t type) {
  switch (static_cast<PduType>(type)) {
    case PduType::ic_resp:
    case PduType::c2h_term_req:
    case PduType::capsule_resp:
    case PduType::c2h_data:
    case PduType::r2t:
      return true;
    case PduType::ic_req:
    case PduType::h2c_term_req:
    case PduType::capsule_cmd:
    case PduType::h2c_data:
      return false;
  }
  return false;
}

std::size_t header_length(PduType type) { return type == PduType::ic_resp ? kIcLength : kResponseHeader; }

bool has_header_digest(PduType type) { return type != PduType::ic_resp && type != PduType::c2h_term_req; }

// Everything that can be said of a PDU from its first eight bytes, so that no length is believed before it is bounded.
Checked<Header> check_header(std::string_view bytes, Digests digests) {
  const auto raw_type = get_le<std::uint8_t>(bytes, 0);
  if (!is_from_controller(raw_type)) {
    return violation(FatalStatus::invalid_header_field, 0, "unexpected PDU type " + hex(raw_type), bytes);
  }
  const Header header{static_cast<PduType>(raw_type), get_le<std::uint8_t>(bytes, kAtFlags),
                      get_le<std::uint8_t>(bytes, kAtHlen), get_le<std::uint8_t>(bytes, kAtPdo),
                      get_le<std::uint32_t>(bytes, kAtPlen)};
  if (header.hlen != header_length(header.type)) {
    return violation(FatalStatus::invalid_header_field, kAtHlen,
                     "PDU type " + hex(raw_type) + " with header length " + std::to_string(header.hlen), bytes);
  }
  const bool digest = has_header_digest(header.type) && digests.header;
  if (((header.flags & kFlagHeaderDigest) != 0) != digest) {
    return violation(FatalStatus::invalid_header_field, kAtFlags,
                     "PDU type " + hex(raw_type) + (digest ? " without" : " with") + " header digest", bytes);
  }
  const auto shortest = header.hlen + (digest ? kDigestLength : 0);
  auto longest = shortest;
  if (header.type == PduType::c2h_data) longest = kMaxPduLength;
  if (header.type == PduType::c2h_term_req) longest = kMaxTermLength;
  if (header.plen < shortest || header.plen > longest) {
    return violation(FatalStatus::invalid_header_field, kAtPlen,
                     "PDU type " + hex(raw_type) + " with length " + std::to_string(header.plen), bytes);
  }
  return header;
}

Checked<void> check_header_digest(const Header& header, std::string_view pdu, Digests digests) {
  if (!digests.header || !has_header_digest(header.type)) return {};
  const auto received = get_le<std::uint32_t>(pdu, header.hlen);
  if (received == crc32c(pdu.substr(0, header.hlen))) return {};
  return violation(FatalStatus::header_digest_error, received, "wrong header digest", pdu);
}

Checked<std::optional<Pdu>> decode_data(const Header& header, std::string_view pdu, Digests digests) {
  const std::size_t head = header.hlen + (digests.header ? kDigestLength : 0);
  const std::size_t tail = digests.data ? kDigestLength : 0;
  const auto length = get_le<std::uint32_t>(pdu, 16);
  if (((header.flags & kFlagDataDigest) != 0) != digests.data) {
    return violation(FatalStatus::invalid_header_field, kAtFlags,
                     std::string("C2HData ") + (digests.data ? "without" : "with") + " data digest", pdu);
  }
  if (header.pdo < head || header.pdo > kMaxDataOffset || header.pdo % 4 != 0) {
    return violation(FatalStatus::invalid_header_field, kAtPdo,
                     "C2HData with data offset " + std::to_string(header.pdo), pdu);
  }
  if (length == 0 || length > kMaxPduData || header.plen != header.pdo + length + tail) {
    return violation(FatalStatus::invalid_header_field, kAtPlen,
                     "C2HData with " + std::to_string(length) + " bytes of data in a PDU of " +
                         std::to_string(header.plen) + " bytes",
                     pdu);
  }
  C2hData data;
  data.cid = get_le<std::uint16_t>(pdu, 8);
  data.offset = get_le<std::uint32_t>(pdu, 12);
  data.last = (header.flags & kFlagLast) != 0;
  data.success = (header.flags & kFlagSuccess) != 0;
  data.data = pdu.substr(header.pdo, length);
  if (digests.data) data.digest_ok = get_le<std::uint32_t>(pdu, header.pdo + length) == crc32c(data.data);
  return Pdu(std::move(data));
}

Checked<std::optional<Pdu>> decode(const Header& header, std::string_view pdu, Digests digests) {
  switch (header.type) {
    case PduType::ic_resp: {
      const auto digest_bits = get_le<std::uint8_t>(pdu, 11);
      return Pdu(IcResp{get_le<std::uint16_t>(pdu, 8),
                        get_le<std::uint8_t>(pdu, 10),
                        {(digest_bits & kIcHeaderDigest) != 0, (digest_bits & kIcDataDigest) != 0},
                        get_le<std::uint32_t>(pdu, 12)});
    }
    case PduType::c2h_term_req:
      return Pdu(C2hTermReq{get_le<std::uint16_t>(pdu, 8), get_le<std::uint32_t>(pdu, 10)});
    case PduType::capsule_resp: {
      CapsuleResp response;
      std::copy_n(pdu.begin() + kCommonHeader, response.cqe.size(), response.cqe.begin());
      return Pdu(response);
    }
    case PduType::c2h_data:
      return decode_data(header, pdu, digests);
    case PduType::r2t:
      return Pdu(R2t{get_le<std::uint16_t>(pdu, 8), get_le<std::uint16_t>(pdu, 10), get_le<std::uint32_t>(pdu, 12),
                     get_le<std::uint32_t>(pdu, 16)});
    case PduType::ic_req:
    case PduType::h2c_term_req:
    case PduType::capsule_cmd:
    case PduType::h2c_data:
      break;
  }
  return violation(FatalStatus::invalid_header_field, 0, "PDU of the wrong direction", pdu);
}

std::size_t align_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

// A PDU from its header (`head`, without lengths and flags of the digests), data and both digests.
std::string assemble(std::string head, std::string_view data, Digests digests, std::uint8_t cpda) {
  const auto hlen = head.size();
  std::uint8_t flags = get_le<std::uint8_t>(head, kAtFlags);
  std::size_t length = hlen;
  if (digests.header) {
    flags |= kFlagHeaderDigest;
    length += kDigestLength;
  }
  std::size_t pdo = 0;
  if (!data.empty()) {
    pdo = align_up(length, (cpda + 1U) * 4U);
    length = pdo + data.size();
    if (digests.data) {
      flags |= kFlagDataDigest;
      length += kDigestLength;
    }
  }
  put_le(head, kAtFlags, flags);
  put_le(head, kAtHlen, static_cast<std::uint8_t>(hlen));
  put_le(head, kAtPdo, static_cast<std::uint8_t>(pdo));
  put_le(head, kAtPlen, static_cast<std::uint32_t>(length));
  const auto header_crc = crc32c(head);
  head.resize(length);
  if (digests.header) put_le(head, hlen, header_crc);
  std::copy(data.begin(), data.end(), head.begin() + static_cast<std::ptrdiff_t>(pdo == 0 ? hlen : pdo));
  if (!data.empty() && digests.data) put_le(head, pdo + data.size(), crc32c(data));
  return head;
}

}  // namespace

std::string to_text(FatalStatus status) {
  switch (status) {
    case FatalStatus::invalid_header_field:
      return "invalid PDU header field";
    case FatalStatus::sequence_error:
      return "PDU sequence error";
    case FatalStatus::header_digest_error:
      return "header digest error";
    case FatalStatus::data_out_of_range:
      return "data transfer out of range";
    case FatalStatus::limit_exceeded:
      return "transfer limit exceeded";
    case FatalStatus::unsupported_parameter:
      return "unsupported parameter";
  }
  return "fatal error status " + std::to_string(static_cast<unsigned>(status));
}

void Decoder::feed(std::string_view bytes) {
  // Consumed bytes are dropped when they are the larger part, so that each byte is moved at most once on average.
  if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

Checked<std::optional<Pdu>> Decoder::next() {
  const auto bytes = std::string_view(buffer_).substr(begin_);
  if (bytes.size() < kCommonHeader) return std::nullopt;
  const auto header = check_header(bytes, digests_);
  if (!header) return tl::unexpected(header.error());
  if (bytes.size() < header->plen) return std::nullopt;
  const auto pdu = bytes.substr(0, header->plen);
  if (auto checked = check_header_digest(*header, pdu, digests_); !checked) return tl::unexpected(checked.error());
  auto result = decode(*header, pdu, digests_);
  begin_ += header->plen;
  if (begin_ == buffer_.size()) {
    if (buffer_.capacity() > kKept) std::string().swap(buffer_);  // a connection is quiet most of its life
    buffer_.clear();
    begin_ = 0;
  }
  return result;
}

std::string encode_ic_req(Digests wanted) {
  std::string pdu(kIcLength, '\0');
  put_le(pdu, 0, static_cast<std::uint8_t>(PduType::ic_req));
  put_le(pdu, kAtHlen, static_cast<std::uint8_t>(kIcLength));
  put_le(pdu, kAtPlen, static_cast<std::uint32_t>(kIcLength));
  put_le(pdu, 11,
         static_cast<std::uint8_t>((wanted.header ? kIcHeaderDigest : 0U) | (wanted.data ? kIcDataDigest : 0U)));
  return pdu;
}

std::string encode_command(std::string_view sqe, std::string_view data, Digests digests, std::uint8_t cpda) {
  std::string head(kCommonHeader, '\0');
  head[0] = static_cast<char>(PduType::capsule_cmd);
  head.append(sqe);
  return assemble(std::move(head), data, digests, cpda);
}

std::string encode_h2c_data(const H2cData& pdu, Digests digests, std::uint8_t cpda) {
  std::string head(kResponseHeader, '\0');
  head[0] = static_cast<char>(PduType::h2c_data);
  put_le(head, kAtFlags, static_cast<std::uint8_t>(pdu.last ? kFlagLast : 0U));
  put_le(head, 8, pdu.cid);
  put_le(head, 10, pdu.tag);
  put_le(head, 12, pdu.offset);
  put_le(head, 16, static_cast<std::uint32_t>(pdu.data.size()));
  return assemble(std::move(head), pdu.data, digests, cpda);
}

std::string encode_h2c_term_req(const Violation& violation) {
  std::string pdu(kTermHeader, '\0');
  pdu.append(violation.header.substr(0, kMaxTermLength - kTermHeader));
  pdu[0] = static_cast<char>(PduType::h2c_term_req);
  put_le(pdu, kAtHlen, static_cast<std::uint8_t>(kTermHeader));
  put_le(pdu, kAtPlen, static_cast<std::uint32_t>(pdu.size()));
  put_le(pdu, 8, static_cast<std::uint16_t>(violation.status));
  put_le(pdu, 10, violation.info);
  return pdu;
}

}  // namespace stas::nvme_tcp
