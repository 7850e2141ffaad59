// SPDX-License-Identifier: Apache-2.0
//
// Connector: answers to operations.
#include <algorithm>
#include <utility>

#include "stacd/connector.h"

namespace stas {

void Connector::on_op_done(const OpDone& done, Instant now) {
  const auto it = by_op_.find(done.op);
  if (it == by_op_.end()) return on_usage(done);
  const IocId id = it->second;
  Ioc& ioc = iocs_.at(id);
  by_op_.erase(it);
  const auto op = std::exchange(ioc.op, Ioc::Op::none);
  ioc.op_id = 0;
  ioc.cutting = false;
  const auto [first, last] = connecting_.equal_range(ioc.tid.traddr());
  if (const auto mine = std::find_if(first, last, [&](const auto& item) { return item.second == id; }); mine != last)
    connecting_.erase(mine);

  if (const auto* connected = std::get_if<Connected>(&done.result)) return on_connected(ioc, connected->device, now);
  if (std::holds_alternative<Disconnected>(done.result)) {
    if (ioc.device) devices_.gone(*ioc.device);
    return unbind(ioc, now, Duration::zero());
  }
  if (const auto* elsewhere = std::get_if<AnsweredElsewhere>(&done.result)) return on_elsewhere(ioc, *elsewhere, now);
  if (const auto* nobody = std::get_if<NobodyAnswered>(&done.result)) {
    on_connect_failed(ioc, nobody->error, now);
    for (const IpAddress& other : nobody->others) address_failed(other.to_string(), now);
    return;
  }
  const auto* error = std::get_if<Error>(&done.result);
  if (error == nullptr) return;
  if (op == Ioc::Op::connect)
    on_connect_failed(ioc, *error, now);
  else
    on_disconnect_failed(ioc, *error, now);
}

void Connector::on_connected(Ioc& ioc, const Device& device, Instant now) {
  lost_devices(devices_.seen(device), now, false);
  // Whoever made a connection has it; two owners would end with one of them cutting the other's.
  if (Ioc* other = owner_of(device.ref); other != nullptr && other != &ioc) unbind(*other, now, Duration::zero());
  bind(ioc, device.ref, now);
  report(Level::info, Topic::connected, ioc, "Connection established!");
}

void Connector::on_connect_failed(Ioc& ioc, const Error& error, Instant now) {
  ++ioc.op_failures;
  const std::string advice = tls_advice(ioc.entry ? &*ioc.entry : nullptr, ioc.configured, ioc.options);
  const std::string why = error.text + (advice.empty() ? "" : "; ") + advice;
  ioc.failed({error.kind, error.errnum, why}, now);
  ioc.next_connect = now + ioc.backoff.fail();
  const bool quiet = ioc.failure_told || error.kind == ErrorKind::cancelled;
  out_.push_back(Report{quiet ? Level::debug : Level::error,
                        ioc.tid,
                        {},
                        ioc.tid.to_string() + " Failed to connect to controller. " + why,
                        Reason::none,
                        kNever,
                        Topic::connect_failed});
  ioc.failure_told = true;
  if (error.kind == ErrorKind::already_connected && !std::exchange(ioc.blocked, true)) dirty_ |= desired_.by_connection;
  // While another table is to be made its row may point to a page that is gone.
  if (!dirty_ && given_up(ioc, row_of(ioc)))
    report(Level::info, Topic::connect_failed, ioc,
           "No further attempts: the central discovery controller reports no connectivity (NCC), "
           "connect-attempts-on-ncc=" +
               std::to_string(config_->connect_attempts_on_ncc));
  address_failed(ioc.tid.traddr(), now);
}

// It may have moved, or another one may answer; the name knows.
void Connector::address_failed(const std::string& failed, Instant now) {
  if (names_.failed(failed, now)) dirty_ = save_ = true;
}

// The name goes on at the address that answered; what stays at this one tries again later.
void Connector::on_elsewhere(Ioc& ioc, const AnsweredElsewhere& elsewhere, Instant now) {
  ++ioc.op_failures;
  ioc.failed({ErrorKind::unreachable, 0, elsewhere.why}, now);
  ioc.next_connect = now + ioc.backoff.fail();
  if (!names_.outrun(ioc.host_name, ioc.tid.traddr(), elsewhere.address, now)) return;
  dirty_ = save_ = true;
  report(Level::info, Topic::none, ioc, elsewhere.why);
}

// An error is no answer: nobody can tell, and that is as good as in use.
void Connector::on_usage(const OpDone& done) {
  const auto it = inspecting_.find(done.op);
  if (it == inspecting_.end()) return;
  const auto found = iocs_.find(it->second);
  inspecting_.erase(it);
  if (found == iocs_.end() || found->second.usage_op != done.op) return;  // it is gone, or its device is another
  KnownUsage& usage = found->second.usage;
  usage.asked = std::exchange(usage.pending, kNever);
  const auto* answer = std::get_if<Usage>(&done.result);
  const auto* error = std::get_if<Error>(&done.result);
  usage.by = answer != nullptr ? answer->by : "whether it is in use cannot be found out";
  if (error != nullptr) usage.by += ": " + error->text;
  found->second.usage_op = 0;
  dirty_ = config_ != nullptr;
}

void Connector::on_disconnect_failed(Ioc& ioc, const Error& error, Instant now) {
  if (error.kind == ErrorKind::not_found) {
    if (ioc.device) devices_.gone(*ioc.device);
    return unbind(ioc, now, Duration::zero());
  }
  ioc.next_cut = now + ioc.cut_backoff.fail();
  if (error.kind == ErrorKind::cancelled) {  // another path was relied on that is lost: the table knows by now
    report(Level::info, Topic::disconnect_failed, ioc, "Not disconnected. " + error.text);
    dirty_ = config_ != nullptr;
    return;
  }
  ioc.failed(error, now);
  const bool told = std::exchange(ioc.cut_failure_told, true);
  report(told ? Level::debug : Level::error, Topic::disconnect_failed, ioc, "Failed to disconnect. " + error.text);
  dirty_ = config_ != nullptr;  // the next attempt is a cut like the first one
}

}  // namespace stas
