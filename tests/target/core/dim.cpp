// SPDX-License-Identifier: Apache-2.0
//
// Layout of the DIM data (TP8010): a 1024-byte head, then basic or extended discovery entries.
#include "tests/target/core/dim.h"

#include "tests/target/core/constants.h"

namespace stas::target {
namespace {

constexpr std::size_t kHeadSize = 1024, kEntrySize = 1024, kAttributes = 1032;
constexpr std::uint16_t kBasic = 1, kExtended = 2;
constexpr std::uint16_t kEntityKeyNqn = 0x5F;
constexpr std::uint64_t kMaxEntries = 64;
constexpr std::uint16_t kHostIdAttribute = 1, kSymbolicName = 2, kSymbolicNameUtf8 = 3;

Result<void> read_attributes(View entry, std::uint16_t count, DimRecord& record) {
  std::size_t at = kAttributes;
  for (std::uint16_t i = 0; i < count; ++i) {
    if (entry.size() - at < 4) return problem("an attribute starts beyond TEL");
    const std::uint16_t type = get16(&entry[at]);
    const std::uint16_t length = get16(&entry[at + 2]);
    at += 4;
    if (length == 0 || length % 4 != 0) return problem("EXATLEN is not a multiple of 4");
    if (entry.size() - at < length) return problem("an attribute ends beyond TEL");
    const View value = entry.subspan(at, length);
    if (type == kHostIdAttribute) {
      if (length != 16) return problem("a host id is not 16 bytes");
      record.hostid = uuid_text(value);
    } else if (type == kSymbolicName || type == kSymbolicNameUtf8) {
      record.symname = get_text(value);
    }
    at += length;
  }
  return {};
}

DimRecord read_head(View data, const Origin& origin) {
  DimRecord record;
  record.entity_type = get16(&data[18]);
  record.port_local = data[20] != 0;
  record.entity_id = get_text(data.subspan(24, 256));
  record.entity_name = get_text(data.subspan(280, 256));
  record.entity_version = get_text(data.subspan(536, 64));
  record.listener = origin.listener;
  return record;
}

void read_entry(View entry, const Origin& origin, DimRecord& record) {
  record.trtype = entry[0];
  record.adrfam = entry[1];
  record.nqn = get_text(entry.subspan(256, 256));
  record.traddr = get_text(entry.subspan(512, 256));
  if (record.traddr.empty()) record.traddr = origin.peer_address;
}

}  // namespace

std::string uuid_text(View bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

Result<std::vector<DimRecord>> parse_dim(View data, const Origin& origin) {
  if (data.size() < kHeadSize) return problem("shorter than its head");
  const std::uint32_t total = get32(&data[0]);
  if (total < kHeadSize || total > data.size()) return problem("TDL does not fit the data");
  data = data.first(total);
  const std::uint64_t count = get64(&data[8]);
  const std::uint16_t format = get16(&data[16]);
  if (count == 0 || count > kMaxEntries) return problem("NUMENT out of range");
  if (format != kBasic && format != kExtended) return problem("unknown ENTFMT");
  const DimRecord head = read_head(data, origin);
  if (head.entity_type < 1 || head.entity_type > 3) return problem("unknown ETYPE");
  if (get16(&data[22]) != kEntityKeyNqn) return problem("unknown EKTYPE");
  if (head.entity_id.empty() || head.entity_id.size() > kMaxNqnBytes) return problem("EID is no NQN");

  std::vector<DimRecord> records;
  std::size_t at = kHeadSize;
  for (std::uint64_t i = 0; i < count; ++i) {
    const View rest = data.subspan(at);
    const std::size_t least = format == kBasic ? kEntrySize : kAttributes;
    if (rest.size() < least) return problem("an entry starts beyond TDL");
    const std::size_t length = format == kBasic ? kEntrySize : get32(&rest[kEntrySize]);
    if (length < least || length > rest.size()) return problem("TEL does not fit TDL");
    DimRecord record = head;
    read_entry(rest, origin, record);
    if (format == kExtended) {
      const auto ok = read_attributes(rest.first(length), get16(&rest[kEntrySize + 4]), record);
      if (!ok) return problem(ok.error().text);
    }
    records.push_back(std::move(record));
    at += length;
  }
  return records;
}

bool DimRegistry::put(const DimRecord& record) {
  if (records_.size() >= kMaxDimRegistrations && !records_.contains(key_of(record))) return false;
  records_[key_of(record)] = record;
  return true;
}

void DimRegistry::remove(const DimRecord& record) { records_.erase(key_of(record)); }

std::vector<DimRecord> DimRegistry::list() const {
  std::vector<DimRecord> records;
  records.reserve(records_.size());
  for (const auto& [key, record] : records_) records.push_back(record);
  return records;
}

}  // namespace stas::target
