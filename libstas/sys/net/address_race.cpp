// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/address_race.h"

#include <utility>

namespace stas {

AddressRace::AddressRace(Loop& loop, Prober& prober, std::vector<TcpEndpoint> targets, Callback callback)
    : loop_(loop),
      prober_(prober),
      targets_(std::move(targets)),
      callback_(std::move(callback)),
      schedule_(targets_.size(), loop.now()),
      running_(targets_.size()),
      timer_(loop.timer([this] { go_on(); })) {
  outcome_.errors.resize(targets_.size());
  go_on();
}

AddressRace::~AddressRace() { withdraw(); }

void AddressRace::go_on() {
  while (const auto index = schedule_.start(loop_.now()))
    running_[*index] =
        prober_.probe(targets_[*index], [this, i = *index](Result<void> answer) { answered(i, std::move(answer)); });
  timer_.arm(schedule_.deadline());
}

void AddressRace::answered(std::size_t index, Result<void> answer) {
  running_[index].reset();
  if (answer) {
    outcome_.winner = index;
  } else {
    outcome_.errors[index] = std::move(answer.error());
    schedule_.failed(loop_.now());
    if (!schedule_.lost()) return go_on();
  }
  withdraw();
  timer_.disarm();
  const Callback callback = std::move(callback_);
  const Outcome outcome = std::move(outcome_);
  callback(outcome);  // the last thing: it may end this
}

void AddressRace::withdraw() {
  for (std::size_t i = 0; i < running_.size(); ++i)
    if (const auto ticket = std::exchange(running_[i], std::nullopt)) prober_.withdraw(targets_[i], *ticket);
}

}  // namespace stas
