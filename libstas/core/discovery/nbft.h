// SPDX-License-Identifier: Apache-2.0
//
// The NVMe Boot Firmware Table: what the firmware booted from, and how it got there (NVM Express Boot
// Specification 1.0, clause 3; an ACPI table). Bytes to values. The table is the firmware's, so each offset, length and
// index is checked, and an entry that cannot be used is left out and named; an entry that is not valid by its own flag
// is not even that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/tid.h"

namespace stas {

inline constexpr std::size_t kMaxNbftBytes = 1U << 20;  // of one table; firmware makes some 100 kB at most

// Host Fabric Interface: how this host leaves.
struct NbftInterface {
  std::array<std::uint8_t, 6> mac{};
  std::optional<IpAddress> address;  // that the firmware used
  std::uint16_t vlan = 0;            // 0: none
  friend bool operator==(const NbftInterface&, const NbftInterface&) = default;
};

struct NbftController {
  Transport transport = Transport::tcp;
  std::string traddr;  // canonical
  std::string trsvcid;
  std::string nqn;  // of a discovery controller that has none there: the well-known one
  std::optional<NbftInterface> interface;
  bool hdr_digest = false, data_digest = false;
  int index = 0;  // of its descriptor, for messages
  friend bool operator==(const NbftController&, const NbftController&) = default;
};

// What could not be used, and what of it could be read.
struct NbftLeftOut {
  std::string text;         // "discovery entry 2: there is no HFI 7"
  bool io = false;          // an I/O controller may be missing because of it
  std::string traddr, nqn;  // of that controller; "": not known
};

struct Nbft {
  // Only where an administrator has set it (the "configured" flags of the Host Descriptor); "" else.
  std::string host_nqn, host_id;
  std::vector<NbftController> discovery_controllers;
  std::vector<NbftController> subsystems;  // one for each way to it (HFI)
  std::vector<NbftLeftOut> left_out;
};

// An Error: not such a table, or its frame is broken (signature, length, checksum, revision, heap); it names the place.
Result<Nbft> parse_nbft(std::string_view bytes);

}  // namespace stas
