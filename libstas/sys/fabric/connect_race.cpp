// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/connect_race.h"

#include <string>
#include <utility>
#include <vector>

namespace stas {

namespace {

std::vector<TcpEndpoint> targets_of(const Connect& connect, TcpEndpoint own) {
  std::vector<TcpEndpoint> targets{std::move(own)};
  for (const IpAddress& other : connect.others) {
    if (targets.size() >= kMaxRaced) break;
    targets.push_back(targets.front());
    targets.back().address = other;
  }
  return targets;
}

AnsweredElsewhere elsewhere(const std::vector<TcpEndpoint>& targets, const AddressRace::Outcome& outcome) {
  const TcpEndpoint& winner = targets[*outcome.winner];
  const auto& error = outcome.errors.front();
  return {winner.address, (error ? error->text : to_text(targets.front()) + " is slow to answer") + "; " +
                              to_text(winner) + " answers, for which its host name stands as well"};
}

NobodyAnswered nobody(const Connect& connect, const std::vector<TcpEndpoint>& targets,
                      const AddressRace::Outcome& outcome) {
  NobodyAnswered answer{*outcome.errors.front(), {}};
  std::string text = connect.tid.to_string() + ": " + answer.error.text;
  for (std::size_t i = 1; i < targets.size(); ++i) {
    text += "; " + outcome.errors[i]->text;
    answer.others.push_back(targets[i].address);
  }
  answer.error.text = std::move(text);
  return answer;
}

}  // namespace

void ConnectRaces::begin(Connect connect, TcpEndpoint own, Done done) {
  const OpId op = connect.op;
  auto targets = targets_of(connect, std::move(own));
  auto over = [this, targets, done = std::move(done), order = std::move(connect)](const AddressRace::Outcome& outcome) {
    races_.erase(order.op);
    if (outcome.winner == std::size_t{0}) return done(order, std::nullopt);
    done(order, outcome.winner ? OpResult(elsewhere(targets, outcome)) : OpResult(nobody(order, targets, outcome)));
  };
  races_[op] = std::make_unique<AddressRace>(loop_, prober_, std::move(targets), std::move(over));
}

}  // namespace stas
