// SPDX-License-Identifier: Apache-2.0
#include "tests/fleet/cdc.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stas::fleet {

namespace {

using std::chrono::milliseconds;

constexpr Duration kRoundTrip = milliseconds(1), kRetransmission = std::chrono::seconds(1);

}  // namespace

void Cdc::count(std::vector<unsigned>& by_second) const {
  const auto second = static_cast<std::size_t>(
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count());
  if (by_second.size() <= second) by_second.resize(second + 1);
  ++by_second[second];
}

void Cdc::ask(Kind kind, unsigned requests, Duration patience, std::function<void(bool)> done) {
  if (kind == Kind::connect) count(connects_);
  if (kind == Kind::read) count(reads_);
  if (!up_) {
    clock_.after(kRoundTrip, [done = std::move(done)] { done(false); });
    return;
  }
  Duration extra = kRoundTrip;
  if (std::uniform_real_distribution<>(0, 1)(random_) < loss_ * requests) extra += kRetransmission;
  const auto work = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(requests / rate_));
  const Instant begin = std::max(clock_.now(), free_at_);
  if (begin + work + extra > clock_.now() + patience) {
    ++given_up_;
    clock_.after(patience, [done = std::move(done)] { done(false); });
    return;
  }
  free_at_ = begin + work;
  clock_.at(free_at_ + extra, [this, epoch = epoch_, done = std::move(done)] { done(up_ && epoch == epoch_); });
}

void Cdc::set_up(bool up) {
  up_ = up;
  ++epoch_;
  free_at_ = clock_.now();
}

void Cdc::set_page(Entries page) {
  page_ = std::move(page);
  ++genctr_;
}

}  // namespace stas::fleet
