// SPDX-License-Identifier: Apache-2.0
//
// PDU framing. Every length a host states is checked against what its type allows before memory is taken for it.
#include "tests/target/transport/pdu.h"

#include <algorithm>

#include "tests/target/transport/crc32c.h"

namespace stas::target {
namespace {

constexpr std::size_t kCommonHeader = 8, kIcSize = 128, kTermHeader = 24, kTermMax = 152;
constexpr std::size_t kCapsuleHeader = 72, kDataHeader = 24, kDigest = 4;
constexpr std::size_t kMaxPdo = 128;
constexpr std::uint32_t kAtType = 0, kAtFlags = 1, kAtHlen = 2, kAtPdo = 3, kAtPlen = 4;

/// How a PDU divides, from its common header.
struct Layout {
  std::size_t plen = 0;
  std::size_t hlen = 0;
  std::size_t data_at = 0;
  std::size_t data_length = 0;
  bool header_digest = false;
  bool data_digest = false;
};

PduError error_at(std::uint32_t where, Fes fes = Fes::invalid_header) { return {fes, where, {}}; }

std::variant<Layout, PduError> term_layout(std::size_t plen, std::size_t hlen) {
  if (hlen != kTermHeader) return error_at(kAtHlen);
  if (plen < kTermHeader || plen > kTermMax) return error_at(kAtPlen);
  return Layout{.plen = plen, .hlen = hlen, .data_at = hlen, .data_length = plen - hlen};
}

std::variant<Layout, PduError> data_layout(const std::uint8_t* header, const PduSettings& settings, bool capsule) {
  Layout layout{.plen = get32(&header[kAtPlen]), .hlen = header[kAtHlen], .header_digest = settings.header_digest};
  if (layout.hlen != (capsule ? kCapsuleHeader : kDataHeader)) return error_at(kAtHlen);
  if (((header[kAtFlags] & pdu_flag::kHeaderDigest) != 0) != settings.header_digest) return error_at(kAtFlags);
  const std::size_t bare = layout.hlen + (settings.header_digest ? kDigest : 0);
  if (layout.plen < bare) return error_at(kAtPlen);
  if (layout.plen == bare) {
    if (!capsule) return error_at(kAtPlen);
    return layout;
  }
  layout.data_digest = settings.data_digest;
  if (((header[kAtFlags] & pdu_flag::kDataDigest) != 0) != settings.data_digest) return error_at(kAtFlags);
  const std::size_t tail = settings.data_digest ? kDigest : 0;
  layout.data_at = header[kAtPdo];
  if (layout.data_at < bare || layout.data_at > kMaxPdo || layout.data_at % settings.host_alignment != 0)
    return error_at(kAtPdo);
  if (layout.plen < layout.data_at + tail) return error_at(kAtPlen);
  layout.data_length = layout.plen - layout.data_at - tail;
  if (layout.data_length > (capsule ? settings.max_capsule_data : settings.max_h2c_data)) {
    return error_at(kAtPlen, capsule ? Fes::invalid_header : Fes::limit_exceeded);
  }
  return layout;
}

std::variant<Layout, PduError> layout_of(const std::uint8_t* header, const PduSettings& settings) {
  const std::size_t plen = get32(&header[kAtPlen]);
  const auto type = static_cast<PduType>(header[kAtType]);
  if (type == PduType::h2c_term) return term_layout(plen, header[kAtHlen]);
  if ((type == PduType::icreq) == settings.negotiated) return error_at(kAtType, Fes::sequence);
  if (type == PduType::icreq) {
    if (header[kAtHlen] != kIcSize) return error_at(kAtHlen);
    if (plen != kIcSize) return error_at(kAtPlen);
    return Layout{.plen = plen, .hlen = kIcSize};
  }
  if (type == PduType::capsule_cmd) return data_layout(header, settings, true);
  if (type == PduType::h2c_data) return data_layout(header, settings, false);
  return error_at(kAtType);
}

Bytes copy(View bytes) { return {bytes.begin(), bytes.end()}; }

/// Starts a PDU of `hlen` bytes at the end of `out`; where it starts.
std::size_t start(Bytes& out, PduType type, std::uint8_t flags, std::size_t hlen, std::size_t plen, std::size_t pdo) {
  const std::size_t at = out.size();
  out.resize(at + hlen, 0);
  out[at] = static_cast<std::uint8_t>(type);
  out[at + kAtFlags] = flags;
  out[at + kAtHlen] = static_cast<std::uint8_t>(hlen);
  out[at + kAtPdo] = static_cast<std::uint8_t>(pdo);
  put32(&out[at + kAtPlen], static_cast<std::uint32_t>(plen));
  return at;
}

void put_digest(Bytes& out, std::size_t from, bool damage) {
  const std::uint32_t digest = crc32c(View(out).subspan(from)) ^ (damage ? 1U : 0U);
  out.resize(out.size() + kDigest);
  put32(&out[out.size() - kDigest], digest);
}

}  // namespace

std::span<std::uint8_t> PduReader::room(std::size_t least) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < least && begin_ > 0) {
    std::memmove(buffer_.data(), &buffer_[begin_], end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < least) buffer_.resize(end_ + least);
  return std::span(buffer_).subspan(end_);
}

std::variant<std::monostate, Pdu, PduError> PduReader::next(const PduSettings& settings) {
  const View have = View(buffer_).subspan(begin_, end_ - begin_);
  if (have.size() < kCommonHeader) return {};
  auto parsed = layout_of(have.data(), settings);
  if (auto* error = std::get_if<PduError>(&parsed)) {
    error->header = copy(have.first(std::min<std::size_t>(have.size(), kTermMax - kTermHeader)));
    return *error;
  }
  const Layout& layout = std::get<Layout>(parsed);
  if (have.size() < layout.plen) return {};
  Pdu pdu{.type = static_cast<PduType>(have[kAtType]), .flags = have[kAtFlags], .header = have.first(layout.hlen)};
  if (layout.header_digest) {
    const std::uint32_t received = get32(&have[layout.hlen]);
    if (received != crc32c(pdu.header)) return PduError{Fes::header_digest, received, copy(pdu.header)};
  }
  if (layout.data_length > 0) {
    pdu.data = have.subspan(layout.data_at, layout.data_length);
    if (layout.data_digest) pdu.data_digest_wrong = get32(&have[layout.plen - kDigest]) != crc32c(pdu.data);
  }
  begin_ += layout.plen;
  return pdu;
}

void write_icresp(Bytes& out, const IcResp& response) {
  const std::size_t at = start(out, PduType::icresp, 0, kIcSize, kIcSize, 0);
  put16(&out[at + 8], response.pfv);
  out[at + 10] = response.cpda;
  out[at + 11] = static_cast<std::uint8_t>((response.header_digest ? 1 : 0) | (response.data_digest ? 2 : 0));
  put32(&out[at + 12], response.maxh2cdata);
}

void write_response(Bytes& out, const PduSettings& settings, const std::array<std::uint8_t, 16>& cqe, bool damage) {
  const std::size_t plen = kDataHeader + (settings.header_digest ? kDigest : 0);
  const std::uint8_t flags = settings.header_digest ? pdu_flag::kHeaderDigest : 0;
  const std::size_t at = start(out, PduType::capsule_resp, flags, kDataHeader, plen, 0);
  std::copy(cqe.begin(), cqe.end(), out.begin() + static_cast<std::ptrdiff_t>(at + kCommonHeader));
  if (settings.header_digest) put_digest(out, at, damage);
}

void write_r2t(Bytes& out, const PduSettings& settings, std::uint16_t cid, std::uint16_t ttag, std::uint32_t offset,
               std::uint32_t length) {
  const std::size_t plen = kDataHeader + (settings.header_digest ? kDigest : 0);
  const std::uint8_t flags = settings.header_digest ? pdu_flag::kHeaderDigest : 0;
  const std::size_t at = start(out, PduType::r2t, flags, kDataHeader, plen, 0);
  put16(&out[at + 8], cid);
  put16(&out[at + 10], ttag);
  put32(&out[at + 12], offset);
  put32(&out[at + 16], length);
  if (settings.header_digest) put_digest(out, at, false);
}

void write_c2h_head(Bytes& out, const PduSettings& settings, const C2hChunk& chunk) {
  const std::size_t bare = kDataHeader + (settings.header_digest ? kDigest : 0);
  const std::size_t unit = settings.data_alignment;
  const std::size_t pdo = (bare + unit - 1) / unit * unit;
  const std::size_t plen = pdo + chunk.data.size() + (settings.data_digest ? kDigest : 0);
  const auto flags = static_cast<std::uint8_t>(chunk.flags | (settings.header_digest ? pdu_flag::kHeaderDigest : 0) |
                                               (settings.data_digest ? pdu_flag::kDataDigest : 0));
  const std::size_t at = start(out, PduType::c2h_data, flags, kDataHeader, plen, pdo);
  put16(&out[at + 8], chunk.cid);
  put32(&out[at + 12], chunk.offset);
  put32(&out[at + 16], static_cast<std::uint32_t>(chunk.data.size()));
  if (settings.header_digest) put_digest(out, at, chunk.damage_header);
  out.resize(at + pdo, 0);
}

void write_c2h_tail(Bytes& out, const PduSettings& settings, const C2hChunk& chunk) {
  if (!settings.data_digest) return;
  const std::uint32_t digest = crc32c(chunk.data) ^ (chunk.damage_data ? 1U : 0U);
  out.resize(out.size() + kDigest);
  put32(&out[out.size() - kDigest], digest);
}

void write_term(Bytes& out, const PduError& error) {
  const std::size_t at = start(out, PduType::c2h_term, 0, kTermHeader, kTermHeader + error.header.size(), 0);
  put16(&out[at + 8], static_cast<std::uint16_t>(error.fes));
  put32(&out[at + 10], error.fei);
  out.insert(out.end(), error.header.begin(), error.header.end());
}

}  // namespace stas::target
