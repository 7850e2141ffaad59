// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/tally.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "libstas/core/discovery/aen.h"

namespace stas {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void print_counter(const std::string& name, const std::string& help, std::uint64_t value, std::string& out) {
  print_help(name, "counter", help, out);
  print_metric(name, "", value, out);
}

}  // namespace

void TimesTaken::add(Duration taken) {
  const double seconds = std::chrono::duration<double>(taken).count();
  ++count_;
  seconds_ += seconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i)
    if (seconds <= kBounds[i]) ++within_[i];
}

void TimesTaken::print(const std::string& name, std::string& out) const {
  for (std::size_t i = 0; i < kBounds.size(); ++i)
    print_metric(name + "_bucket", "le=\"" + number(kBounds[i]) + "\"", within_[i], out);
  print_metric(name + "_bucket", "le=\"+Inf\"", count_, out);
  out += name + "_sum " + number(seconds_) + "\n";
  print_metric(name + "_count", "", count_, out);
}

void Tally::heard(const Event& event, Instant now) {
  if (const auto* done = std::get_if<OpDone>(&event)) {
    const auto it = flights_.find(done->op);
    if (it == flights_.end()) return;
    ended(it->second, done->result, now);
    flights_.erase(it);
  } else if (const auto* aen = std::get_if<AenReceived>(&event)) {
    ++aens_heard_;
    if (aen->value == kAenDiscoveryLogChanged) aens_.try_emplace(aen->ref.name, now);
  } else if (const auto* back = std::get_if<DeviceReconnected>(&event)) {
    read_.erase(back->ref.name);  // it is read again whatever a poll would say
  } else if (const auto* gone = std::get_if<DeviceGone>(&event)) {
    aens_.erase(gone->ref.name);
    read_.erase(gone->ref.name);
  } else if (std::holds_alternative<StafChanged>(event)) {
    told_at_ = std::min(told_at_, now);
  } else if (std::holds_alternative<StafPages>(event)) {
    answered_ = std::exchange(told_at_, kNever);
  }
}

void Tally::ended(const Flight& flight, const OpResult& result, Instant now) {
  const bool failed = std::holds_alternative<Error>(result) || std::holds_alternative<NobodyAnswered>(result);
  switch (flight.op) {
    case Flight::Op::connect:
      if (std::holds_alternative<AnsweredElsewhere>(result)) return;
      ++(failed ? connect_failures_ : connects_);
      if (!failed && flight.asked_for != kNever) notice_to_live_.add(now - flight.asked_for);
      return;
    case Flight::Op::disconnect:
      ++(failed ? disconnect_failures_ : disconnects_[flight.reason]);
      return;
    case Flight::Op::page:
      ++(failed ? page_failures_ : pages_);
      if (const auto* page = std::get_if<LogPage>(&result); page != nullptr && !page->unchanged && flight.unasked)
        ++poll_repairs_;
      if (!failed && flight.asked_for != kNever) aen_to_page_.add(now - flight.asked_for);
      return;
  }
}

void Tally::fetches(const FetchLogPage& order) {
  Flight flight{Flight::Op::page, Reason::none, kNever, false};
  const std::string& device = order.device.name;
  const bool read_before = std::exchange(read_[device], true);
  if (const auto aen = aens_.find(device); aen != aens_.end()) {
    flight.asked_for = aen->second;
    aens_.erase(aen);
  } else {
    flight.unasked = read_before && order.known_genctr.has_value();
  }
  flights_[order.op] = flight;
}

void Tally::ordered(const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* connect = std::get_if<Connect>(&action))
      flights_[connect->op] = {Flight::Op::connect, connect->reason,
                               connect->reason == Reason::listed ? answered_ : kNever, false};
    else if (const auto* disconnect = std::get_if<Disconnect>(&action))
      flights_[disconnect->op] = {Flight::Op::disconnect, disconnect->reason, kNever, false};
    else if (const auto* page = std::get_if<FetchLogPage>(&action))
      fetches(*page);
  }
  answered_ = kNever;
}

void Tally::print(const std::string& daemon, std::string& out) const {
  print_counter(daemon + "_connects_total", "Connections made.", connects_, out);
  print_counter(daemon + "_connect_failures_total", "Attempts to connect that failed.", connect_failures_, out);
  print_help(daemon + "_disconnects_total", "counter", "Connections cut, by reason.", out);
  for (const auto& [reason, count] : disconnects_)
    print_metric(daemon + "_disconnects_total", "reason=\"" + label_value(std::string(to_text(reason))) + "\"", count,
                 out);
  print_counter(daemon + "_disconnect_failures_total", "Disconnects that the kernel refused.", disconnect_failures_,
                out);
  if (daemon == "stacd") {
    print_help("stacd_notice_to_live_seconds", "histogram",
               "From the notice that a log page changed to the connection of what it added.", out);
    return notice_to_live_.print("stacd_notice_to_live_seconds", out);
  }
  print_counter(daemon + "_page_reads_total", "Discovery log pages read, also unchanged ones.", pages_, out);
  print_counter(daemon + "_page_failures_total", "Discovery log pages that could not be read.", page_failures_, out);
  print_counter(daemon + "_aens_total", "Asynchronous events of discovery controllers.", aens_heard_, out);
  print_counter(daemon + "_poll_repairs_total", "Changes of which no event told, found by the poll.", poll_repairs_,
                out);
  print_help(daemon + "_aen_to_page_seconds", "histogram", "From the event that a log page changed to its page read.",
             out);
  aen_to_page_.print(daemon + "_aen_to_page_seconds", out);
}

void print_metric(const std::string& name, const std::string& labels, std::uint64_t value, std::string& out) {
  out += name + (labels.empty() ? "" : "{" + labels + "}") + " " + std::to_string(value) + "\n";
}

void print_help(const std::string& name, const char* type, const std::string& help, std::string& out) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

std::string label_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace stas
