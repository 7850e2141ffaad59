// SPDX-License-Identifier: Apache-2.0
//
// What a line of the journal is about. Each topic has a message ID for scripts (`journalctl MESSAGE_ID=...`), which
// never changes, and a text in the catalog (systemd/stas.catalog), which `journalctl -x` shows below the line.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stas {

enum class Topic : std::uint8_t {
  none,           // no message ID: it means nothing to a script
  connected,      // a connection was made or taken over
  disconnecting,  // a connection is being cut; STAS_REASON
  disconnect_failed,
  link_lost,  // the kernel is reconnecting
  link_restored,
  gone,     // the kernel removed the device
  removed,  // it is not wanted any more, and has no connection
  let_go,   // it is not wanted any more; the connection stays
  held,     // nothing names it, information is missing: it stays
  refused,  // it is named, and cannot be used
  connect_failed,
  dc_lost,  // a discovery controller is announced no more, or does not answer
  page_changed,
  page_doubtful,  // a page was read, and something in it is not believed or cannot be used
  page_failed,
  notified,  // an asynchronous event
  registration_failed,
  configuration,   // a file has a mistake
  limit_reached,   // more than there is room for; what is beyond is not done
  left_out,        // messages that were not written
  host_changed,    // the host NQN or ID
  staf_failed,     // stacd cannot get the pages
  in_use,          // the last path to a namespace that is in use should go (disconnect-guard=)
  budget_used_up,  // as many connections were cut as max-disconnects-per-minute= allows
};

struct TopicInfo {
  Topic topic;
  std::string_view name;  // as in the manual
  std::string_view id;    // 32 hexadecimal digits
};

// All but `none`, in the order of the enumeration.
const std::array<TopicInfo, 24>& all_topics();
// "" for none.
std::string_view message_id(Topic topic);
std::string_view name_of(Topic topic);

}  // namespace stas
