// SPDX-License-Identifier: Apache-2.0
//
// Discovery Information Management (TP8010, opcode 21h): reading what a host registers, and the registry of it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/target/core/discovery.h"
#include "tests/target/core/result.h"
#include "tests/target/core/wire.h"

namespace stas::target {

enum class DimTask : std::uint8_t { add = 0, remove = 1, update = 2 };

struct DimRecord {
  std::uint16_t entity_type = 1;  ///< 1 host, 2 DDC, 3 CDC
  std::string entity_id;          ///< HOSTNQN
  std::string entity_name;
  std::string entity_version;
  std::uint8_t trtype = 0;
  std::uint8_t adrfam = 0;
  std::string traddr;  ///< the source address of the connection where the host left it empty
  std::string nqn;
  std::string hostid;   ///< UUID text, from the host id attribute
  std::string symname;  ///< symbolic name attribute
  bool port_local = false;
  std::uint16_t listener = 0;
};

/// Checks every length of the command's data against the others; fails with what is wrong.
Result<std::vector<DimRecord>> parse_dim(View data, const Origin& origin);

/// UUID text of 16 bytes in the order of the text.
std::string uuid_text(View bytes);

class DimRegistry {
 public:
  /// False: the registry is full.
  bool put(const DimRecord& record);
  void remove(const DimRecord& record);
  [[nodiscard]] std::vector<DimRecord> list() const;

 private:
  using Key = std::tuple<std::string, std::string, std::uint16_t>;  // entity, address, listener
  static Key key_of(const DimRecord& record) { return {record.entity_id, record.traddr, record.listener}; }

  std::map<Key, DimRecord> records_;
};

}  // namespace stas::target
