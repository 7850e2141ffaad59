// SPDX-License-Identifier: Apache-2.0
//
// Discovery log page (LID 70h; NVM Express Base Specification 2.0, clause 5.16.1.23): wire data to values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/discovery/dlpe.h"

namespace stas {

inline constexpr std::size_t kDlpHeaderSize = 1024;
inline constexpr std::size_t kDlpHeaderUsed = 20;  // bytes of the header that carry something
inline constexpr std::size_t kDlpeSize = 1024;
inline constexpr std::uint64_t kMaxDlpes = 65536;  // more records than this in one page is an error
// In all pages that are kept at a time: ten of the largest. Some 200 MB as a rule, three times that at worst.
inline constexpr std::uint64_t kMaxKeptDlpes = 10 * kMaxDlpes;

struct DlpHeader {
  std::uint64_t genctr = 0;
  std::uint64_t numrec = 0;
  std::uint16_t recfmt = 0;
  friend bool operator==(const DlpHeader&, const DlpHeader&) = default;
};

// Needs kDlpHeaderUsed bytes. Errors: too short, record format not 0, more than kMaxDlpes records.
Result<DlpHeader> parse_dlp_header(std::string_view bytes);

inline constexpr std::size_t kMaxLeftOutNamed = 5;  // entries left out that are named; the others are only counted

struct DlpEntries {
  std::vector<Dlpe> entries;
  unsigned skipped = 0;  // addresses 0.0.0.0, ::, empty (but for loop); texts not printable or with a comma; no NQN
  std::vector<std::string> left_out;      // "(tcp, 0.0.0.0, 4420, nqn.x): traddr cannot be used" of the first of them
  std::vector<std::string> skipped_nqns;  // what all of them name, sorted, each once; "" = an NQN that cannot be read
};
// `bytes` must be exactly numrec * kDlpeSize long.
Result<DlpEntries> parse_dlp_entries(std::string_view bytes, std::uint64_t numrec);

// A page as read: the answer to FetchLogPage (core/brain/action.h).
struct LogPage {
  std::uint64_t genctr = 0;
  bool unchanged = false;  // genctr was the known one; entries were not read
  std::vector<Dlpe> entries;
  unsigned skipped = 0;               // unusable entries left out
  std::vector<std::string> left_out;  // the first of them, for the message: which, and why
  // What all of them name, sorted, each once; "" = an NQN that cannot be read. The page says nothing about those.
  std::vector<std::string> skipped_nqns;
};

// "Left out 3 unusable entries of the discovery log page: ..., ..." with those that are named.
std::string left_out_text(unsigned skipped, const std::vector<std::string>& left_out);

// Supported log pages (LID 00h): the three discovery bits of the entry for LID 70h.
struct SupportedDlp {
  bool extdlpes = false;
  bool pleos = false;
  bool allsubes = false;
  friend bool operator==(const SupportedDlp&, const SupportedDlp&) = default;
};
Result<SupportedDlp> parse_supported_log_pages(std::string_view bytes);  // needs 1024 bytes

}  // namespace stas
