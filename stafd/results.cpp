// SPDX-License-Identifier: Apache-2.0
//
// Finder: answers to operations.
#include <algorithm>
#include <set>
#include <utility>

#include "stafd/finder.h"
#include "stafd/origin.h"

namespace stas {

namespace {

std::vector<Dlpe> referrals(const Entries& entries) {
  std::vector<Dlpe> found;
  for (const Dlpe* entry : entries.services())
    if (entry->subtype == kDlpSubtypeReferral) found.push_back(*entry);
  return found;
}

// The controller answered, and the answer is no; anything else may be the link.
bool is_answer(ErrorKind kind) {
  return kind == ErrorKind::refused || kind == ErrorKind::rejected || kind == ErrorKind::not_supported ||
         kind == ErrorKind::protocol || kind == ErrorKind::invalid_input;
}

}  // namespace

OpTrack* Finder::track(Dc& dc, Dc::Op op) {
  switch (op) {
    case Dc::Op::connect:
      return &dc.connect_track;
    case Dc::Op::register_:
      return &dc.register_track;
    case Dc::Op::supported:
      return &dc.supported_track;
    case Dc::Op::page:
      return &dc.page_track;
    case Dc::Op::none:
    case Dc::Op::deregister:
    case Dc::Op::disconnect:
      break;
  }
  return nullptr;
}

void Finder::on_op_done(OpDone done, Instant now) {
  const auto it = in_flight_.find(done.op);
  if (it == in_flight_.end()) return;
  const InFlight flight = it->second;
  in_flight_.erase(it);
  if (Dc* dc = dcs_.find(flight.name); dc != nullptr) {
    dc->op = Dc::Op::none;
    if (dc->system_identity && dc->tid.host_nqn() != host_->nqn) dirty_ = true;  // renamed now
  }
  if (flight.op == Dc::Op::connect) return on_connect_done(flight.name, done.result, now);

  Connection* connection = connection_of(flight.device);
  if (std::holds_alternative<Disconnected>(done.result)) {
    devices_.gone(flight.device);
    return lose(flight.device, now, true);
  }
  if (connection != nullptr && connection->op_id != done.op) connection = nullptr;  // lost and found again meanwhile
  if (connection != nullptr) connection->end(flight.op);
  if (const auto* page = std::get_if<LogPage>(&done.result); page != nullptr && connection != nullptr)
    if (auto room = check_room(*connection, *page); !room) done.result = std::move(room.error());
  const auto* error = std::get_if<Error>(&done.result);
  if (connection != nullptr)
    for (const NameId id : connection->names)
      if (OpTrack* ended = track(*dcs_.find(id), flight.op)) ended->end(error == nullptr);
  if (error != nullptr) return on_failure(connection, flight, *error, now);
  if (connection == nullptr) return;

  if (flight.op == Dc::Op::deregister) {
    connection->deregistered();
    report(Level::debug, Topic::none, *connection, "Deregistered from it");
  } else if (const auto* registered = std::get_if<Registered>(&done.result)) {
    connection->registered(true, now);
    connection->told_dctype(registered->dctype);
    connection->refusal = registered->refusal;
    if (!registered->refusal.empty() && !std::exchange(connection->refusal_told, true))
      report(Level::warning, Topic::registration_failed, *connection,
             "Registration error. " + registered->refusal + ".");
  } else if (const auto* supported = std::get_if<SupportedDlp>(&done.result)) {
    connection->supported(*supported);
  } else if (const auto* page = std::get_if<LogPage>(&done.result)) {
    on_page(*connection, *page, now);
  }
}

void Finder::on_connect_done(NameId id, const OpResult& result, Instant now) {
  Dc& dc = *dcs_.find(id);  // it is not removed while an operation is in flight
  const auto place = connecting_.find(goes_to(dc.tid));
  if (place != connecting_.end() && place->second.erase(id) > 0 && place->second.empty()) connecting_.erase(place);
  const auto* connected = std::get_if<Connected>(&result);
  dc.connect_track.end(connected != nullptr);
  if (connected == nullptr) {
    if (const auto* error = std::get_if<Error>(&result)) on_connect_failed(dc, *error, now);
    if (const auto* elsewhere = std::get_if<AnsweredElsewhere>(&result)) on_elsewhere(dc, *elsewhere, now);
    if (const auto* nobody = std::get_if<NobodyAnswered>(&result)) {
      on_connect_failed(dc, nobody->error, now);
      for (const IpAddress& other : nobody->others) address_failed(other.to_string(), now);
    }
    return;
  }
  lost_devices(devices_.seen(connected->device), now, false);
  Connection* connection = connection_of(connected->device.ref);
  if (connection == nullptr) {
    Connection fresh(connected->device, dc.tid, timing_, now);
    fresh.live = fresh.ours = true;
    fresh.polling = dc.parked;
    connection = &start(std::move(fresh), now);
  }
  join(id, dc, *connection, now);
  report(connection->polling ? Level::debug : Level::info, Topic::connected, dc, "Connection established!");
}

void Finder::on_connect_failed(Dc& dc, const Error& error, Instant now) {
  dc.next_connect = now + dc.connect_backoff.fail();
  if (dc.failing_since == kNever) dc.tls_advice = referral_tls_advice(*this, dc);
  const std::string& advice = dc.tls_advice;
  const std::string why = error.text + (advice.empty() ? "" : "; ") + advice;
  dc.failed({error.kind, error.errnum, why}, now);
  if (std::exchange(dc.parked, false)) dc.page_fresh = false;
  // Others may have their turn now, its own time is over, or its name has changed (desire()).
  if (dc.system_identity && dc.tid.host_nqn() != host_->nqn) dirty_ = true;
  if ((!dc.sources.parents.empty() && dc.attempts == 2) || now >= lost_deadline(dc)) dirty_ = true;
  // What mDNS announces may not listen yet (regressions 16): its first failure is only information, and none is an
  // error until it has failed for long.
  const bool first = dc.failing_since == kNever;
  if (first) dc.failing_since = now;
  const bool early = dc.origin == Origin::discovered && now - dc.failing_since < timing_.early;
  const bool quiet = dc.failure_told || error.kind == ErrorKind::cancelled || (early && !first);
  const Level level = quiet ? Level::debug : early ? Level::info : Level::error;
  if (!early) dc.failure_told = true;
  out_.push_back(Report{level,
                        dc.tid,
                        {},
                        dc.tid.to_string() + " Failed to connect to controller. " + why,
                        Reason::none,
                        kNever,
                        Topic::connect_failed});
  track_lost(dc, now);
  address_failed(dc.tid.traddr(), now);
}

// It may have moved, or another one may answer; the name knows.
void Finder::address_failed(const std::string& failed, Instant now) {
  if (names_.failed(failed, now)) save_ = dirty_ = true;
}

// The name goes on at the address that answered; what stays at this one tries again later.
void Finder::on_elsewhere(Dc& dc, const AnsweredElsewhere& elsewhere, Instant now) {
  dc.next_connect = now + dc.connect_backoff.fail();
  dc.failed({ErrorKind::unreachable, 0, elsewhere.why}, now);
  if (std::exchange(dc.parked, false)) dc.page_fresh = false;
  track_lost(dc, now);
  if (!names_.outrun(dc.host_name, dc.tid.traddr(), elsewhere.address, now)) return;
  save_ = dirty_ = true;
  report(Level::info, Topic::none, dc, elsewhere.why);
}

// It was read later, over another connection, than what this one has: no page from before speaks against it (law 2).
bool Finder::shows_newer(const Dc& dc, const Page& page) {
  return page.known && dc.page_known && dc.page_at != kNever && (page.at == kNever || page.at < dc.page_at) &&
         dc.entries != page.entries;
}

// Every name of the connection shows the page; stacd is told of each that shows something new.
void Finder::show_page(NameId id, const Connection& connection, bool first) {
  Dc& dc = *dcs_.find(id);
  const Page& page = connection.page;
  if (shows_newer(dc, page)) return;
  const bool news = !dc.page_known || first || dc.entries != page.entries;
  const bool was_evidence = dc.page_is_evidence();
  if (!dc.page_known || dc.page_fresh != connection.fresh() || referrals(dc.entries) != referrals(page.entries))
    dirty_ = true;
  dc.page_known = true;
  dc.page_fresh = connection.fresh();
  dc.page_read |= connection.fresh();
  dc.genctr = page.genctr;
  dc.page_at = page.at;
  dc.entries = page.entries;
  dc.skipped = page.skipped;
  // What was only remembered until now is known now: that is news as well.
  if (!news && dc.page_is_evidence() == was_evidence) return;
  save_ = true;
  out_.push_back(NotifyLogPagesChanged{dc.tid, connection.device.name});
}

// For its entries beside all that others show. What is not taken changes nothing: the page of before stays.
Result<void> Finder::check_room(const Connection& connection, const LogPage& read) const {
  std::set<const void*> counted{connection.page.entries.identity()};  // what the new one takes the place of
  std::size_t kept = read.entries.size();
  for (const Dc& dc : controllers())
    if (counted.insert(dc.entries.identity()).second) kept += dc.entries.size();
  if (read.unchanged || kept <= kMaxKeptDlpes) return {};
  return fail(ErrorKind::busy, "It lists " + std::to_string(read.entries.size()) +
                                   " entries; all pages together would have " + std::to_string(kept) +
                                   ", and at most " + std::to_string(kMaxKeptDlpes) +
                                   " are kept: give stafd fewer discovery controllers, or let them list less");
}

void Finder::on_page(Connection& connection, const LogPage& read, Instant now) {
  const auto news = connection.take(read, now);
  for (const NameId id : connection.names) {
    dcs_.find(id)->page_at = now;
    dcs_.find(id)->last_error.clear();
  }
  if (news.unchanged) return;
  const bool same = connection.polling && news.first && shows_same(connection);
  report(same ? Level::debug : Level::info, Topic::page_changed, connection,
         "Received discovery log pages (num records=" + std::to_string(read.entries.size()) + ").");
  if (read.skipped > 0)
    report(news.skipped_before ? Level::debug : Level::warning, Topic::page_doubtful, connection,
           left_out_text(read.skipped, read.left_out));
  if (news.begins)
    report(Level::warning, Topic::page_doubtful, connection,
           "It has just come back and lists " + std::to_string(read.entries.size()) + " where it listed " +
               std::to_string(connection.page.entries.size()) + " before; it is read again before that is believed");
  for (const NameId id : connection.names) show_page(id, connection, news.first && !same);
}

bool Finder::shows_same(const Connection& connection) {
  return std::all_of(connection.names.begin(), connection.names.end(), [&](NameId id) {
    const Dc& dc = *dcs_.find(id);
    return dc.page_known && dc.entries == connection.page.entries;
  });
}

void Finder::on_failure(Connection* connection, const InFlight& flight, const Error& error, Instant now) {
  if (flight.op == Dc::Op::disconnect && error.kind == ErrorKind::not_found) {
    devices_.gone(flight.device);
    return lose(flight.device, now, true);
  }
  if (connection == nullptr) return;
  for (const NameId id : connection->names) dcs_.find(id)->failed(error, now);
  switch (flight.op) {
    case Dc::Op::none:
    case Dc::Op::connect:
      return;
    case Dc::Op::disconnect:
      report(connection->disconnect_backoff.failures() == 0 ? Level::error : Level::debug, Topic::disconnect_failed,
             *connection, "Failed to disconnect. " + error.text);
      connection->parking = false;  // what it says by the next attempt counts
      connection->next_disconnect = now + connection->disconnect_backoff.fail();
      return;
    case Dc::Op::register_:
      report(std::exchange(connection->register_failure_told, true) ? Level::debug : Level::error,
             Topic::registration_failed, *connection, "Failed to register with Discovery Controller. " + error.text);
      return connection->registered(false, now);
    case Dc::Op::deregister:
      report(Level::info, Topic::registration_failed, *connection,
             "Failed to deregister from Discovery Controller. " + error.text);
      return connection->deregistered();  // it is left all the same
    case Dc::Op::supported:
      report(Level::debug, Topic::none, *connection,
             "Failed to Get supported log pages from Discovery Controller. " + error.text);
      return connection->supported(is_answer(error.kind) ? std::optional(SupportedDlp{}) : std::nullopt);
    case Dc::Op::page:
      report(std::exchange(connection->page_failure_told, true) ? Level::debug : Level::error, Topic::page_failed,
             *connection, "Failed to retrieve log pages. " + error.text);
      return connection->page_failed(error.kind == ErrorKind::refused, now);
  }
}

}  // namespace stas
