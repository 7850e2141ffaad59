// SPDX-License-Identifier: Apache-2.0
//
// Boot tables for tests, byte by byte as the specification lays them out; shares no code with the reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stas::test {

class NbftBuilder {
 public:
  std::string host_nqn = "nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890";
  std::string host_id = std::string(15, '\x11') + '\x22';
  int host_flags = 7;  // valid, host ID and host NQN configured

  // Each returns its index.
  int add_hfi(std::string_view mac, std::string_view ip16, int vlan = 0) {
    std::string info(128, '\0');
    info[0] = 7, info[1] = 1, info[2] = 3, info[3] = 1, info[6] = 1;
    put(info, 4, hfis_.size() + 1, 2);
    info.replace(11, 6, mac);
    put(info, 17, static_cast<std::uint64_t>(vlan), 2);
    info.replace(20, 16, ip16);
    std::string hfi(32, '\0');
    hfi[0] = 3, hfi[1] = static_cast<char>(hfis_.size() + 1), hfi[2] = 1, hfi[3] = 3;
    refer(hfi, 16, info);
    hfis_.push_back(hfi);
    return static_cast<int>(hfis_.size());
  }
  int add_discovery(std::string_view uri, std::string_view nqn, int hfi) {
    std::string entry(32, '\0');
    entry[0] = 6, entry[1] = 1, entry[2] = static_cast<char>(discoveries_.size() + 1),
    entry[3] = static_cast<char>(hfi);
    refer(entry, 6, uri);
    refer(entry, 12, nqn);
    discoveries_.push_back(entry);
    return static_cast<int>(discoveries_.size());
  }
  int add_ssns(std::string_view ip16, std::string_view port, std::string_view nqn, const std::vector<int>& hfis,
               int trflags = 0) {
    std::string entry(128, '\0');
    entry[0] = 4, entry[3] = 1, entry[5] = 3;
    put(entry, 1, ssns_.size() + 1, 2);
    put(entry, 6, static_cast<std::uint64_t>(trflags), 2);
    refer(entry, 10, ip16);
    refer(entry, 16, port);
    entry[46] = static_cast<char>(hfis.front());
    std::string more;
    for (std::size_t i = 1; i < hfis.size(); ++i) more += static_cast<char>(hfis[i]);
    refer(entry, 48, more);
    refer(entry, 54, nqn);
    ssns_.push_back(entry);
    return static_cast<int>(ssns_.size());
  }

  // The table, with its checksum.
  std::string build() const {
    std::string host(32, '\0');
    host[0] = 2, host[1] = static_cast<char>(host_flags);
    host.replace(2, 16, host_id);
    std::string heap = heap_;
    const auto place = [&](std::string_view object) {
      const auto at = kHeapAt + heap.size();
      heap += object;
      return at;
    };
    put(host, 18, place(host_nqn), 4);
    put(host, 22, host_nqn.size(), 2);
    const auto host_at = place(host);
    std::string control(64, '\0');
    control[0] = 1, control[1] = 1, control[4] = 64, control[6] = 1;
    put(control, 8, host_at, 4);
    put(control, 12, host.size(), 2);
    std::string lists;
    const auto add_list = [&](std::size_t at, const std::vector<std::string>& entries) {
      put(control, at, kListsAt + lists.size(), 4);
      put(control, at + 4, entries.empty() ? 0 : entries.front().size(), 2);
      control[at + 6] = 1, control[at + 7] = static_cast<char>(entries.size());
      for (const auto& entry : entries) lists += entry;
    };
    add_list(16, hfis_);
    add_list(24, ssns_);
    add_list(40, discoveries_);
    lists.resize(kHeapAt - kListsAt);
    std::string header(64, '\0');
    header.replace(0, 4, "NBFT");
    header[8] = 1;
    put(header, 36, kHeapAt, 4);
    put(header, 40, heap.size(), 4);
    std::string table = header + control + lists + heap;
    put(table, 4, table.size(), 4);
    return seal(std::move(table));
  }

  // With the checksum that is right for what was changed.
  static std::string seal(std::string table) {
    table[9] = 0;
    unsigned sum = 0;
    for (const char c : table) sum += static_cast<unsigned char>(c);
    table[9] = static_cast<char>(256 - sum % 256);
    return table;
  }

  static void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes.at(at + i) = static_cast<char>(value >> (8 * i));
  }

 private:
  static constexpr std::size_t kListsAt = 128, kHeapAt = 4096;

  void refer(std::string& entry, std::size_t at, std::string_view object) {
    put(entry, at, object.empty() ? 0 : kHeapAt + heap_.size(), 4);
    put(entry, at + 4, object.size(), 2);
    heap_ += object;
  }

  std::string heap_;
  std::vector<std::string> hfis_, ssns_, discoveries_;
};

// 192.0.2.1 as the table has it.
inline std::string mapped(int a, int b, int c, int d) {
  std::string bytes(10, '\0');
  bytes += "\xff\xff";
  for (const int part : {a, b, c, d}) bytes += static_cast<char>(part);
  return bytes;
}

}  // namespace stas::test
