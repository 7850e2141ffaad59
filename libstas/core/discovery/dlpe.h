// SPDX-License-Identifier: Apache-2.0
//
// One discovery log page entry (NVM Express Base Specification 2.0, clause 5.16.1.23, figure "Discovery Log Page
// Entry") as a value.
#pragma once

#include <cstdint>
#include <string>

namespace stas {

inline constexpr std::uint8_t kDlpTrtypeRdma = 1, kDlpTrtypeFc = 2, kDlpTrtypeTcp = 3, kDlpTrtypeLoop = 254;
inline constexpr std::uint8_t kDlpSubtypeReferral = 1, kDlpSubtypeNvme = 2, kDlpSubtypeDiscovery = 3;
inline constexpr std::uint16_t kEflagDupretinfo = 1U << 0, kEflagEpcsd = 1U << 1, kEflagNcc = 1U << 2;

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

}  // namespace stas
