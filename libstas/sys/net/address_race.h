// SPDX-License-Identifier: Apache-2.0
//
// Happy Eyeballs (RFC 8305) for the probe: the addresses of one host name are asked as RaceSchedule says, the first
// that answers wins, and the others are let go. One race is over within the prober's deadline and a quarter of a second
// for each address after the first, unless the prober has too much to do.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "libstas/sys/net/probe.h"
#include "libstas/sys/net/race_schedule.h"
#include "libstas/sys/net/tcp_endpoint.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class AddressRace {
 public:
  struct Outcome {
    std::optional<std::size_t> winner;         // index of the first target that answered
    std::vector<std::optional<Error>> errors;  // of each target; nullopt: it answered, or has not failed yet
  };
  using Callback = std::function<void(const Outcome&)>;

  // `targets`: at least one. Both must outlive the race. The callback runs once, from the loop, never from inside the
  // constructor; the race may be destroyed in it. Not after the race is gone: then nobody is asked any more.
  AddressRace(Loop& loop, Prober& prober, std::vector<TcpEndpoint> targets, Callback callback);
  ~AddressRace();
  AddressRace(const AddressRace&) = delete;
  AddressRace& operator=(const AddressRace&) = delete;

 private:
  void go_on();
  void answered(std::size_t index, Result<void> answer);
  void withdraw();

  Loop& loop_;
  Prober& prober_;
  const std::vector<TcpEndpoint> targets_;
  Callback callback_;
  RaceSchedule schedule_;
  Outcome outcome_;
  std::vector<std::optional<Prober::Ticket>> running_;
  TimerSource timer_;
};

}  // namespace stas
