// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/user/connect_gate.h"

#include <algorithm>

namespace stas {

void ConnectGate::offer(const std::string& address, Lane& lane) {
  if (lane.in_ring || lane.waiting.empty() || lane.running >= per_address_) return;
  lane.in_ring = true;
  ring_.push_back(address);
}

void ConnectGate::enter(Id id, const std::string& address) {
  if (!places_.emplace(id, Place{address, false}).second) return;
  auto& lane = lanes_[address];
  lane.waiting.push_back(id);
  offer(address, lane);
}

void ConnectGate::leave(Id id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  const auto found = lanes_.find(place->second.address);
  auto& lane = found->second;
  if (place->second.running) {
    --lane.running;
    --running_;
  } else {
    lane.waiting.erase(std::find(lane.waiting.begin(), lane.waiting.end(), id));
  }
  offer(found->first, lane);
  if (lane.running == 0 && lane.waiting.empty() && !lane.in_ring) lanes_.erase(found);
  places_.erase(place);
}

std::vector<ConnectGate::Id> ConnectGate::take_started() {
  std::vector<Id> started;
  while (running_ < overall_ && !ring_.empty()) {
    const auto address = std::move(ring_.front());
    ring_.pop_front();
    const auto found = lanes_.find(address);
    auto& lane = found->second;
    lane.in_ring = false;
    if (!lane.waiting.empty()) {
      const auto id = lane.waiting.front();
      lane.waiting.pop_front();
      ++lane.running;
      ++running_;
      places_.at(id).running = true;
      started.push_back(id);
      offer(address, lane);
    } else if (lane.running == 0) {
      lanes_.erase(found);  // whoever waited has left
    }
  }
  return started;
}

}  // namespace stas
