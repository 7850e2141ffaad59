// SPDX-License-Identifier: Apache-2.0
//
// Discovery log page (LID 70h; NVM Express Base Specification 2.0, clause 5.16.1.23): wire data to values, and the text
// dictionaries of the D-Bus contract (3.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/result.h"

namespace stas {

inline constexpr std::size_t kDlpHeaderSize = 1024;
inline constexpr std::size_t kDlpHeaderUsed = 20;  // bytes of the header that carry something
inline constexpr std::size_t kDlpeSize = 1024;
inline constexpr std::uint64_t kMaxDlpes = 65536;  // more records than this in one page is an error

inline constexpr std::uint8_t kDlpTrtypeRdma = 1, kDlpTrtypeFc = 2, kDlpTrtypeTcp = 3, kDlpTrtypeLoop = 254;
inline constexpr std::uint8_t kDlpSubtypeReferral = 1, kDlpSubtypeNvme = 2, kDlpSubtypeDiscovery = 3;
inline constexpr std::uint16_t kEflagDupretinfo = 1U << 0, kEflagEpcsd = 1U << 1, kEflagNcc = 1U << 2;

struct DlpHeader {
  std::uint64_t genctr = 0;
  std::uint64_t numrec = 0;
  std::uint16_t recfmt = 0;
  friend bool operator==(const DlpHeader&, const DlpHeader&) = default;
};

// One entry. Texts are trimmed of blanks and NULs, FC addresses have ':' between node and port name.
struct Dlpe {
  std::uint8_t trtype = 0;
  std::uint8_t adrfam = 0;
  std::uint8_t subtype = 0;
  std::uint8_t treq = 0;
  std::uint16_t portid = 0;
  std::uint16_t cntlid = 0;
  std::uint16_t asqsz = 0;
  std::uint16_t eflags = 0;
  std::string trsvcid;
  std::string subnqn;
  std::string traddr;
  std::string tsas;  // text form of the contract for rdma and secured tcp, else empty
  bool ncc() const { return (eflags & kEflagNcc) != 0; }
  bool epcsd() const { return (eflags & kEflagEpcsd) != 0; }
  bool dupretinfo() const { return (eflags & kEflagDupretinfo) != 0; }
  friend bool operator==(const Dlpe&, const Dlpe&) = default;
};

// Needs kDlpHeaderUsed bytes. Errors: too short, record format not 0, more than kMaxDlpes records.
Result<DlpHeader> parse_dlp_header(std::string_view bytes);

struct DlpEntries {
  std::vector<Dlpe> entries;
  unsigned skipped = 0;  // addresses 0.0.0.0, ::, empty (but for loop); texts not printable or with a comma; no NQN
};
// `bytes` must be exactly numrec * kDlpeSize long.
Result<DlpEntries> parse_dlp_entries(std::string_view bytes, std::uint64_t numrec);

// Text dictionary in the contract's key order: trtype adrfam traddr trsvcid subnqn subtype treq portid cntlid asqsz
// eflags [tsas].
using TextDict = std::vector<std::pair<std::string, std::string>>;
TextDict to_dict(const Dlpe& dlpe);
// Back from the dictionary (as read from D-Bus or a state file). Missing or odd fields give an Error naming them.
Result<Dlpe> dlpe_from_dict(const TextDict& dict);

// Supported log pages (LID 00h): the three discovery bits of the entry for LID 70h.
struct SupportedDlp {
  bool extdlpes = false;
  bool pleos = false;
  bool allsubes = false;
  friend bool operator==(const SupportedDlp&, const SupportedDlp&) = default;
};
Result<SupportedDlp> parse_supported_log_pages(std::string_view bytes);  // needs 1024 bytes

}  // namespace stas
