// SPDX-License-Identifier: Apache-2.0
//
// Who may connect now: bounded over all and per address, first come first served within an address and addresses taking
// turns, so that a silent address delays nobody else (law 4). A value, without clock or callbacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace stas {

class ConnectGate {
 public:
  using Id = std::uint64_t;

  ConnectGate(std::size_t overall, std::size_t per_address) : overall_(overall), per_address_(per_address) {}

  void enter(Id id, const std::string& address);
  // Ends a turn, or the wish for one. Unknown ids are ignored.
  void leave(Id id);
  // Whose turn begins now.
  std::vector<Id> take_started();

  std::size_t running() const { return running_; }

 private:
  struct Lane {
    std::size_t running = 0;
    bool in_ring = false;
    std::deque<Id> waiting;
  };
  struct Place {
    std::string address;
    bool running = false;
  };
  void offer(const std::string& address, Lane& lane);

  std::size_t overall_;
  std::size_t per_address_;
  std::size_t running_ = 0;
  std::map<std::string, Lane> lanes_;
  std::map<Id, Place> places_;
  std::deque<std::string> ring_;  // addresses that have somebody waiting and room
};

}  // namespace stas
