// SPDX-License-Identifier: Apache-2.0
//
// What happened since the start, counted for the metrics from the facts a brain hears and the orders it gives. Pure; it
// decides nothing, and no brain knows it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/reason.h"

namespace stas {

// How long something took: how many took at most so many seconds.
class TimesTaken {
 public:
  static constexpr std::array<double, 8> kBounds = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60};  // s

  void add(Duration taken);
  // A histogram of this name in the text format of Prometheus, without HELP and TYPE.
  void print(const std::string& name, std::string& out) const;

 private:
  std::array<std::uint64_t, kBounds.size()> within_{};
  std::uint64_t count_ = 0;
  double seconds_ = 0;
};

class Tally {
 public:
  // Before the brain handles it.
  void heard(const Event& event, Instant now);
  // All orders of one advance().
  void ordered(const Actions& actions);
  // The counters in the text format of Prometheus. `daemon`: "stafd" or "stacd", the beginning of their names.
  void print(const std::string& daemon, std::string& out) const;

 private:
  struct Flight {
    enum class Op : std::uint8_t { connect, disconnect, page } op = Op::connect;
    Reason reason = Reason::none;
    Instant asked_for = kNever;  // connect: stafd told of a change then; page: the AEN that led to it
    bool unasked = false;        // page: nothing but the poll led to it
  };
  void ended(const Flight& flight, const OpResult& result, Instant now);
  void fetches(const FetchLogPage& order);

  std::unordered_map<OpId, Flight> flights_;
  std::map<std::string, Instant> aens_;  // by device, not answered by a read yet
  std::map<std::string, bool> read_;     // devices whose page was asked for, until they are gone
  Instant told_at_ = kNever;             // stafd told of a change, and was not asked yet
  Instant answered_ = kNever;            // the same, when its answer is about to be acted on
  std::uint64_t connects_ = 0, connect_failures_ = 0, disconnect_failures_ = 0;
  std::map<Reason, std::uint64_t> disconnects_;
  std::uint64_t pages_ = 0, page_failures_ = 0, aens_heard_ = 0, poll_repairs_ = 0;
  TimesTaken notice_to_live_, aen_to_page_;
};

// One line "NAME{LABEL="VALUE"} NUMBER", and what comes before the first of a name.
void print_metric(const std::string& name, const std::string& labels, std::uint64_t value, std::string& out);
void print_help(const std::string& name, const char* type, const std::string& help, std::string& out);
// The value of a label: quotes, backslashes and line ends escaped.
std::string label_value(const std::string& text);

}  // namespace stas
