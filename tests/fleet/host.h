// SPDX-License-Identifier: Apache-2.0
//
// One host of the fleet: the two real brains, and as much of a kernel as they notice.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "stacd/connector.h"
#include "stafd/finder.h"
#include "tests/fleet/cdc.h"

namespace stas::fleet {

class Host {
 public:
  Host(Clock& clock, Cdc& cdc, unsigned number, const FinderTiming& timing);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void power_up();
  // The CDC went away under its connections, or tells a change.
  void lose_cdc();
  void tell_change();
  // stafd has the page as it is, stacd is connected to what it lists and to nothing else.
  bool is_settled() const;

 private:
  void to_finder(Event event);
  void to_connector(Event event);
  void run();
  void wake(Instant deadline);
  void tell_connector();
  void obey(const Action& action);
  void connect(const Connect& order);
  void read(const FetchLogPage& order);
  void reconnect(std::uint64_t incarnation);
  Device device_of(const Connect& order);

  Clock& clock_;
  Cdc& cdc_;
  const unsigned number_;
  Finder finder_;
  Connector connector_;
  std::map<Tid, Device> paths_;  // to I/O controllers
  Device dc_;                    // name "" without one
  std::uint64_t made_ = 0;
  Instant woken_ = kNever;
  bool untold_ = false;
};

}  // namespace stas::fleet
