// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/log_reader.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace stas {

namespace {

constexpr std::uint32_t kEntrySize = kDlpeSize;

std::uint32_t usable_transfer(std::uint32_t max_transfer) {
  const auto bounded = std::clamp(max_transfer, kEntrySize, LogReader::kMaxTransfer);
  return bounded - bounded % kEntrySize;
}

}  // namespace

LogReader::LogReader(bool pleo, std::optional<std::uint64_t> known_genctr, std::uint32_t max_transfer)
    : lsp_(pleo ? kLspPleo : 0), known_genctr_(known_genctr), max_transfer_(usable_transfer(max_transfer)) {}

std::uint32_t LogReader::entries_length() const {
  const auto left = (header_.numrec - records_read_) * kEntrySize;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(left, max_transfer_));
}

std::uint32_t LogReader::expected_length() const {
  if (state_ == State::entries) return entries_length();
  if (state_ == State::whole) return static_cast<std::uint32_t>(kDlpHeaderSize + header_.numrec * kEntrySize);
  return kDlpHeaderUsed;
}

LogReader::Step LogReader::next() {
  switch (state_) {
    case State::first_header:
      return Read{kLidDiscovery, lsp_, true, 0, kDlpHeaderUsed};
    case State::whole:
      return Read{kLidDiscovery, lsp_, false, 0, expected_length()};
    case State::entries:
      return Read{kLidDiscovery, lsp_, true, kDlpHeaderSize + records_read_ * kEntrySize, entries_length()};
    case State::last_header:
      return Read{kLidDiscovery, lsp_, false, 0, kDlpHeaderUsed};
    case State::done:
      return std::move(page_);
    case State::failed:
      return error_;
  }
  return error_;
}

void LogReader::set_error(ErrorKind kind, std::string text) {
  state_ = State::failed;
  error_ = Error{kind, 0, "discovery log page: " + std::move(text)};
  page_ = LogPage{};
}

void LogReader::feed(std::string_view bytes) {
  if (state_ == State::done || state_ == State::failed) return;
  const auto expected = expected_length();
  if (bytes.size() != expected) {
    return set_error(ErrorKind::protocol, "the controller returned " + std::to_string(bytes.size()) + " bytes where " +
                                              std::to_string(expected) + " were asked for");
  }
  if (state_ == State::entries) return on_entries(bytes);
  if (state_ == State::whole) return on_whole(bytes);
  const auto header = parse_dlp_header(bytes);
  if (!header) return set_error(header.error().kind, header.error().text);
  if (state_ == State::first_header) return on_first_header(*header);
  on_last_header(*header);
}

void LogReader::on_first_header(const DlpHeader& header) {
  if (known_genctr_ == header.genctr) {
    // Nothing new; but only a read without RAE re-arms the event.
    header_ = header;
    unchanged_ = true;
    state_ = State::last_header;
    return;
  }
  begin_entries(header);
}

void LogReader::begin_entries(const DlpHeader& header) {
  header_ = header;
  unchanged_ = false;
  records_read_ = 0;
  page_ = LogPage{};
  if (header.numrec == 0)
    state_ = State::last_header;
  else
    state_ = header.numrec < max_transfer_ / kEntrySize ? State::whole : State::entries;
}

bool LogReader::take_entries(std::string_view bytes, std::uint64_t records) {
  auto parsed = parse_dlp_entries(bytes, records);
  if (!parsed) {
    set_error(parsed.error().kind, parsed.error().text);
    return false;
  }
  page_.skipped += parsed->skipped;
  for (std::string& entry : parsed->left_out)
    if (page_.left_out.size() < kMaxLeftOutNamed) page_.left_out.push_back(std::move(entry));
  std::vector<std::string> all;
  std::set_union(page_.skipped_nqns.begin(), page_.skipped_nqns.end(), parsed->skipped_nqns.begin(),
                 parsed->skipped_nqns.end(), std::back_inserter(all));
  page_.skipped_nqns = std::move(all);
  std::move(parsed->entries.begin(), parsed->entries.end(), std::back_inserter(page_.entries));
  records_read_ += records;
  return true;
}

void LogReader::on_entries(std::string_view bytes) {
  if (take_entries(bytes, bytes.size() / kEntrySize) && records_read_ == header_.numrec) state_ = State::last_header;
}

// The header counts that came with the entries. If the page has grown since we asked for its size, it is read again.
void LogReader::on_whole(std::string_view bytes) {
  const auto header = parse_dlp_header(bytes.substr(0, kDlpHeaderUsed));
  if (!header) return set_error(header.error().kind, header.error().text);
  if (header->numrec > header_.numrec) return next_round(*header);
  header_ = *header;
  if (!take_entries(bytes.substr(kDlpHeaderSize, header->numrec * kEntrySize), header->numrec)) return;
  page_.genctr = header->genctr;
  page_.unchanged = false;
  state_ = State::done;
}

void LogReader::on_last_header(const DlpHeader& header) {
  // The record count of a page that we did not read is of no interest, as long as its generation is the known one.
  if (header.genctr == header_.genctr && (unchanged_ || header.numrec == header_.numrec)) {
    page_.genctr = header.genctr;
    page_.unchanged = unchanged_;
    state_ = State::done;
    return;
  }
  next_round(header);
}

void LogReader::next_round(const DlpHeader& header) {
  if (round_ == kMaxRounds) {
    return set_error(ErrorKind::busy, "it changed during each of " + std::to_string(kMaxRounds) + " readings");
  }
  ++round_;
  begin_entries(header);
}

}  // namespace stas
