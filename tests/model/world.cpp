// SPDX-License-Identifier: Apache-2.0
//
// The clock of the simulated world, and its end.
#include "tests/model/world.h"

#include <algorithm>

namespace stas::model {

namespace {

constexpr Duration kAudit = std::chrono::minutes(2);
constexpr unsigned kMaxWakeupsPerMinute = 2000;

}  // namespace

World::World(std::uint64_t seed) : rng_(seed) {
  for (int host = 0; host < kHosts; ++host)
    for (const int sub : {0, 1})
      hosts_[static_cast<std::size_t>(host)].listed.set(static_cast<std::size_t>(path_of(host, sub)));
  for (auto* since : {&dc_live_at_, &aen_at_, &fetch_at_, &read_failed_at_}) since->fill(Instant{});
  silent_since_.fill(now_);
  dc_since_.fill(now_);
  dc_left_.fill(Instant{});
  ioc_since_.fill(now_);
  told_since_.fill(now_);
  unlisted_since_.fill(kNever);
  told_left_.fill(Instant{});
  staf_file_.lines.set(kPlain);
  stac_file_.guard_holds = seed % 2 == 0;
  if (seed % 4 == 0) used_ = Paths(static_cast<unsigned long long>((seed * 0x9E3779B97F4A7C15U) >> 40U));
  start_stafd();
  start_stacd();
  update_truth();
}

// --- time ---

bool World::chance(double p) { return std::uniform_real_distribution<>(0, 1)(rng_) < p; }

void World::at(Duration delay, std::function<void()> what) { queue_.emplace(now_ + delay, std::move(what)); }

void World::log(const std::string& text) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count() - 3600000;
  journal_.push_back(std::to_string(ms) + " " + text);
}

void World::run_for(Duration time) {
  const Instant end = now_ + time;
  run_until(time, [] { return false; });
  now_ = std::max(now_, end);
  watch();
}

void World::run_until(Duration time, const std::function<bool()>& done) {
  const Instant end = now_ + time;
  Instant audit = now_ + kAudit - (now_.time_since_epoch() % kAudit);
  pump();
  while (violation_.empty() && !done()) {
    const Instant event = std::min(audit, queue_.empty() ? kNever : queue_.begin()->first);
    Instant next = event;
    if (stafd_.brain) next = std::min(next, stafd_.brain->deadline());
    if (stacd_.brain) next = std::min(next, stacd_.brain->deadline());
    if (next > end) break;
    if (now_ - wakeups_since_ > std::chrono::minutes(1)) {
      wakeups_ = 0;
      wakeups_since_ = now_;
    }
    if (next < event && ++wakeups_ > kMaxWakeupsPerMinute) violate("busy", "more than 2000 wake-ups within a minute");
    now_ = std::max(now_, next);
    if (now_ >= audit) {
      scan();
      audit += kAudit;
    }
    while (!queue_.empty() && queue_.begin()->first <= now_) {
      const auto what = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      what();
    }
    pump();
  }
}

// Facts are looked at before the daemons act on them.
void World::pump() {
  update_truth();
  if (stafd_.brain) advance(stafd_);
  if (stacd_.brain) advance(stacd_);
}

std::string World::print() const {
  std::vector<std::string> lines;
  for (const auto& [name, d] : devices_)
    lines.push_back(name + (d.io ? " io " : " dc ") + d.device.transport + " " + d.device.traddr + " " +
                    d.device.subsysnqn + (d.device.host_iface.empty() ? "" : " " + d.device.host_iface) + " " +
                    d.device.state + (d.by_admin ? " admin" : "") +
                    (d.who != 0 ? " host" + std::to_string(d.who) : ""));
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

void World::settle() {
  for (const char* calm :
       {"lossy off", "hanging off", "unsettled off", "deletes work", "iface up", "legacy off", "fault stafd none",
        "fault stacd none", "stafd start", "stacd start", "resolver 0 works", "resolver 1 works", "resolver 2 works",
        "resolver 3 works", "answers work", "reads prompt", "connects prompt", "reload stafd", "reload stacd"})
    step(calm);
  garbled_.reset();
  used_.reset();
  for (int host = 0; host < kHosts; ++host) {
    auto& h = hosts_[static_cast<std::size_t>(host)];
    h.up = true;
    h.fails_reads = h.slow = false;
  }
  if (!violation_.empty()) return;
  run_for(std::chrono::seconds(1500));
  if (violation_.empty()) check_end();
}

}  // namespace stas::model
