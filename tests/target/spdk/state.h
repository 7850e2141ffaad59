// SPDX-License-Identifier: Apache-2.0
//
// What SPDK's interface remembers beyond the state of the target itself: transports with their options, keys by name,
// settings that later calls take over.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace stas::target {

struct SpdkState {
  struct Transport {
    std::uint16_t max_queue_depth = 128;
    std::uint16_t max_io_qpairs_per_ctrlr = 127;
    std::uint32_t in_capsule_data_size = 4096;
    std::uint32_t max_io_size = 131072;
    std::uint32_t io_unit_size = 131072;
    std::uint32_t max_aq_depth = 128;
    bool c2h_success = true;
  };

  std::map<std::string, Transport> transports;  ///< by TRTYPE in capitals
  std::map<std::string, std::string> keys;      ///< file by name of key
  std::set<std::uint16_t> discovery_listeners;  ///< those that were added to the discovery subsystem
  std::map<std::string, std::map<std::string, std::pair<std::string, std::string>>>
      host_keys;                                     ///< names of key and controller key, by subsystem and host
  std::map<std::string, std::uint64_t> trace_masks;  ///< by group
  std::string dup_host_policy = "accept";
  std::uint32_t next_malloc = 0;
};

}  // namespace stas::target
