// SPDX-License-Identifier: Apache-2.0
//
// Discovery log page: decoding of what a controller sent. Nothing in it is trusted: the record count is bounded before
// anybody allocates, texts need no terminating NUL, and what could not be passed on safely is left out and counted.
#include "libstas/core/discovery/log_page.h"

#include <algorithm>

#include "libstas/core/base/endian.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/discovery/dlpe_text.h"

namespace stas {
namespace {

// Offsets in an entry (compatibility contract, appendix C).
constexpr std::size_t kTrsvcidAt = 32;
constexpr std::size_t kSubnqnAt = 256, kSubnqnSize = 256;
constexpr std::size_t kTraddrAt = 512;
constexpr std::size_t kTsasAt = 768;

constexpr std::size_t kSupportedPagesSize = 1024;
constexpr std::size_t kDiscoveryLid = 0x70;

Dlpe parse_entry(std::string_view bytes) {
  Dlpe dlpe;
  dlpe.trtype = get_le<std::uint8_t>(bytes, 0);
  dlpe.adrfam = get_le<std::uint8_t>(bytes, 1);
  dlpe.subtype = get_le<std::uint8_t>(bytes, 2);
  dlpe.treq = get_le<std::uint8_t>(bytes, 3);
  dlpe.portid = get_le<std::uint16_t>(bytes, 4);
  dlpe.cntlid = get_le<std::uint16_t>(bytes, 6);
  dlpe.asqsz = get_le<std::uint16_t>(bytes, 8);
  dlpe.eflags = get_le<std::uint16_t>(bytes, 10);
  dlpe.trsvcid = field_text(bytes.substr(kTrsvcidAt, kDlpeTrsvcidSize));
  dlpe.subnqn = field_text(bytes.substr(kSubnqnAt, kSubnqnSize));
  dlpe.traddr = field_text(bytes.substr(kTraddrAt, kDlpeTraddrSize));
  set_fc_colon(dlpe);
  dlpe.tsas = tsas_text(dlpe.trtype, bytes.substr(kTsasAt));
  return dlpe;
}

// Which entry it is and why it cannot be used. Every text is the target's.
std::string description(const Dlpe& dlpe, std::string_view flaw) {
  std::string text = "(";
  for (const auto& [key, value] : to_dict(dlpe)) {
    if (key == "trtype" || key == "traddr" || key == "trsvcid") text += shown(value) + ", ";
    if (key == "subnqn") text += shown(value) + ")";
  }
  return text + ": " + std::string(flaw) + " cannot be used";
}

}  // namespace

Result<DlpHeader> parse_dlp_header(std::string_view bytes) {
  if (bytes.size() < kDlpHeaderUsed)
    return fail(ErrorKind::protocol, "discovery log page: header has only " + std::to_string(bytes.size()) + " bytes");
  const DlpHeader header{get_le<std::uint64_t>(bytes, 0), get_le<std::uint64_t>(bytes, 8),
                         get_le<std::uint16_t>(bytes, 16)};
  if (header.recfmt != 0)
    return fail(ErrorKind::protocol, "discovery log page: unknown record format " + std::to_string(header.recfmt));
  if (header.numrec > kMaxDlpes)
    return fail(ErrorKind::protocol, "discovery log page: claims " + std::to_string(header.numrec) +
                                         " records, more than " + std::to_string(kMaxDlpes));
  return header;
}

Result<DlpEntries> parse_dlp_entries(std::string_view bytes, std::uint64_t numrec) {
  if (numrec > kMaxDlpes || bytes.size() != numrec * kDlpeSize)
    return fail(ErrorKind::protocol, "discovery log page: " + std::to_string(bytes.size()) + " bytes for " +
                                         std::to_string(numrec) + " records");
  DlpEntries result;
  result.entries.reserve(static_cast<std::size_t>(numrec));
  for (; !bytes.empty(); bytes.remove_prefix(kDlpeSize)) {
    Dlpe dlpe = parse_entry(bytes.substr(0, kDlpeSize));
    const std::string_view flaw = flaw_of(dlpe);
    if (flaw.empty()) {
      result.entries.push_back(std::move(dlpe));
      continue;
    }
    ++result.skipped;
    if (result.left_out.size() < kMaxLeftOutNamed) result.left_out.push_back(description(dlpe, flaw));
    result.skipped_nqns.push_back(flaw == "subnqn" ? std::string() : std::move(dlpe.subnqn));
  }
  std::sort(result.skipped_nqns.begin(), result.skipped_nqns.end());
  result.skipped_nqns.erase(std::unique(result.skipped_nqns.begin(), result.skipped_nqns.end()),
                            result.skipped_nqns.end());
  return result;
}

std::string left_out_text(unsigned skipped, const std::vector<std::string>& left_out) {
  std::string text = "Left out " + std::to_string(skipped) + " unusable entries of the discovery log page";
  for (std::size_t i = 0; i < left_out.size(); ++i) text += (i == 0 ? ": " : ", ") + left_out[i];
  return left_out.size() < skipped && !left_out.empty() ? text + ", ..." : text;
}

Result<SupportedDlp> parse_supported_log_pages(std::string_view bytes) {
  if (bytes.size() < kSupportedPagesSize)
    return fail(ErrorKind::protocol, "supported log pages: only " + std::to_string(bytes.size()) + " of 1024 bytes");
  const auto specific = get_le<std::uint32_t>(bytes, kDiscoveryLid * sizeof(std::uint32_t)) >> 16U;
  return SupportedDlp{(specific & 1U) != 0, (specific & 2U) != 0, (specific & 4U) != 0};
}

}  // namespace stas
