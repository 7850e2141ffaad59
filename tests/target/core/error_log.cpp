// SPDX-License-Identifier: Apache-2.0
//
// Entries of the error log and their layout.
#include "tests/target/core/error_log.h"

namespace stas::target {

void ErrorLog::add(std::uint16_t sqid, const Sqe& sqe, std::uint16_t status, bool dnr) {
  const bool io = sqid != 0 && !sqe.is_fabrics();
  const auto field = static_cast<std::uint16_t>(((status & 0x7FF) << 1) | (dnr ? 0x8000 : 0));
  entries_.push_front({++count_, sqid, sqe.cid(), field, io ? sqe.qword(10) : 0, sqe.is_fabrics() ? 0 : sqe.nsid()});
  if (entries_.size() > kErrorLogEntries) entries_.pop_back();
}

Bytes ErrorLog::page() const {
  constexpr std::size_t kEntry = 64;
  constexpr std::uint16_t kNoParameter = 0xFFFF;
  Bytes page(kErrorLogEntries * kEntry, 0);
  std::uint8_t* at = page.data();
  for (const Entry& entry : entries_) {
    put64(at, entry.number);
    put16(at + 8, entry.sqid);
    put16(at + 10, entry.cid);
    put16(at + 12, entry.status);
    put16(at + 14, kNoParameter);
    put64(at + 16, entry.lba);
    put32(at + 24, entry.nsid);
    at[29] = 3;  // TRTYPE: TCP
    at += kEntry;
  }
  return page;
}

}  // namespace stas::target
