// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/base/log_limit.h"

#include <algorithm>
#include <utility>

namespace stas {

bool LogLimit::admits(const std::string& subject, Instant now) {
  expire(now);
  if (all_.end == kNever) all_.end = now + bounds_.window;
  const auto known = windows_.find(subject);
  if (known != windows_.end() && known->second.told >= bounds_.per_subject) {
    ++known->second.untold;
    return false;
  }
  if (all_.told >= bounds_.in_all) {
    ++all_.untold;
    return false;
  }
  ++all_.told;
  if (known != windows_.end()) {
    ++known->second.told;
    return true;
  }
  const Instant end = now + bounds_.window;
  windows_.emplace(subject, Window{end, 1, 0});
  order_.push_back({end, subject});
  return true;
}

void LogLimit::expire(Instant now) {
  while (!order_.empty() && order_.front().end <= now) {
    const auto over = windows_.find(order_.front().name);
    if (over->second.untold > 0) ended_.push_back({over->first, over->second.untold});
    windows_.erase(over);
    order_.pop_front();
  }
  if (all_.end > now) return;
  if (all_.untold > 0) ended_.push_back({"", all_.untold});
  all_ = {};
}

std::vector<LogLimit::Untold> LogLimit::take(Instant now) {
  expire(now);
  return std::exchange(ended_, {});
}

Instant LogLimit::deadline() const {
  if (!ended_.empty()) return Instant{};
  const Instant all = all_.untold > 0 ? all_.end : kNever;
  const auto first = std::find_if(order_.begin(), order_.end(),
                                  [this](const Subject& subject) { return windows_.at(subject.name).untold > 0; });
  return first == order_.end() ? all : std::min(all, first->end);
}

}  // namespace stas
