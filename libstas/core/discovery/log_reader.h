// SPDX-License-Identifier: Apache-2.0
//
// How a discovery log page (LID 70h) is read, without the reading: next() says which Get Log Page command comes next,
// feed() takes its data, until next() says done. Both fabrics drive this class, one with PDUs, one with ioctls.
//
// First the header alone, for the number of records: nothing beyond the end of the page is ever asked for. What fits
// into one transfer is then read with one command, which is consistent by itself. A longer page is consistent when the
// header read before its entries and the one read after them agree in generation counter and number of records.
// Everything is read with Retain Asynchronous Event (RAE) = 1, except what ends a round: it re-arms the event, and
// whatever changes after it gives a fresh one (NVM Express Base Specification 2.0, clauses 5.2 and 5.16). Memory is
// bounded: entries become values transfer by transfer. Some controllers build the whole page for every command, so few
// commands are faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "libstas/core/base/result.h"
#include "libstas/core/discovery/log_page.h"

namespace stas {

inline constexpr std::uint8_t kLidSupportedLogPages = 0x00;
inline constexpr std::uint8_t kLidDiscovery = 0x70;
inline constexpr std::uint8_t kLspPleo = 1U << 1;
inline constexpr std::uint32_t kSupportedLogPagesSize = 1024;

class LogReader {
 public:
  static constexpr unsigned kMaxRounds = 6;
  static constexpr std::uint32_t kMaxTransfer = 1U << 20;

  // One Get Log Page command. `length` is a multiple of 4, `offset` is LPO.
  struct Read {
    std::uint8_t lid = kLidDiscovery;
    std::uint8_t lsp = 0;
    bool rae = true;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    friend bool operator==(const Read&, const Read&) = default;
  };
  using Step = std::variant<Read, LogPage, Error>;

  // `max_transfer`: what the controller (MDTS) and the road to it allow, in bytes; brought into 1 KiB ... kMaxTransfer
  // and to a multiple of the entry size. With `known_genctr` equal to the page's, the entries are not read.
  explicit LogReader(bool pleo, std::optional<std::uint64_t> known_genctr = std::nullopt,
                     std::uint32_t max_transfer = kMaxTransfer);

  // What to do now; the same answer until feed(). The LogPage is moved out: ask once.
  Step next();

  // The data of the Read that next() asked for; any other length than the one asked for is an error.
  void feed(std::string_view bytes);

 private:
  enum class State : std::uint8_t { first_header, whole, entries, last_header, done, failed };

  void set_error(ErrorKind kind, std::string text);
  void on_first_header(const DlpHeader& header);
  void on_last_header(const DlpHeader& header);
  void on_whole(std::string_view bytes);
  void on_entries(std::string_view bytes);
  bool take_entries(std::string_view bytes, std::uint64_t records);
  void next_round(const DlpHeader& header);
  void begin_entries(const DlpHeader& header);
  std::uint32_t entries_length() const;
  std::uint32_t expected_length() const;

  std::uint8_t lsp_ = 0;
  std::optional<std::uint64_t> known_genctr_;
  std::uint32_t max_transfer_ = kMaxTransfer;

  State state_ = State::first_header;
  unsigned round_ = 1;
  bool unchanged_ = false;  // the entries were skipped in this round
  DlpHeader header_;
  std::uint64_t records_read_ = 0;
  LogPage page_;
  Error error_;
};

}  // namespace stas
