// SPDX-License-Identifier: Apache-2.0
//
// Reservation Register, Acquire, Release and Report, and who is notified through log page 80h.
#include <algorithm>

#include "tests/target/core/io.h"

namespace stas::target {
namespace {

constexpr std::size_t kMaxNotifications = 64;

Reply reply_of(Reservation::Outcome outcome) {
  switch (outcome) {
    case Reservation::Outcome::done:
      return Reply::ok();
    case Reservation::Outcome::conflict:
      return Reply::refuse(status::kReservationConflict);
    case Reservation::Outcome::invalid:
      break;
  }
  return Reply::refuse(status::kInvalidField);
}

Reservation::Outcome enroll(const IoContext& io, std::uint32_t action, bool ignore) {
  const std::uint64_t current = get64(io.request.data.data());
  const std::uint64_t key = get64(&io.request.data[8]);
  Reservation& reservation = io.ns.reservation;
  switch (action) {
    case 0:
      return reservation.enroll(io.controller.hostid, key, ignore, current);
    case 1:
      return reservation.unregister(io.controller.hostid, current, ignore);
    case 2:
      return reservation.replace(io.controller.hostid, key, ignore, current);
    default:
      return Reservation::Outcome::invalid;
  }
}

/// The extended data structure of Reservation Report: 64-byte descriptors with 128-bit host identifiers.
Reply report(const IoContext& io) {
  constexpr std::size_t kHead = 64, kDescriptor = 64;
  const Sqe& sqe = io.request.sqe;
  const std::uint64_t room = (std::uint64_t{sqe.cdw(10)} + 1) * 4;
  if ((sqe.cdw(11) & 1) == 0) return Reply::refuse(0x129);  // hosts here have 128-bit identifiers
  if (room != sqe.sgl_length()) return Reply::refuse(status::kSglLength);
  const Reservation& reservation = io.ns.reservation;
  Bytes out(kHead, 0);
  put32(out.data(), reservation.generation());
  out[4] = static_cast<std::uint8_t>(reservation.type());
  put16(&out[5], static_cast<std::uint16_t>(reservation.registrants().size()));
  for (const auto& [host, key] : reservation.registrants()) {
    const std::size_t at = out.size();
    out.resize(at + kDescriptor, 0);
    put16(&out[at], 0xFFFF);  // CNTLID: dynamic
    out[at + 2] = reservation.is_holder(host) ? 1 : 0;
    put64(&out[at + 8], key);
    std::copy(host.begin(), host.end(), out.begin() + static_cast<std::ptrdiff_t>(at + 16));
  }
  out.resize(room, 0);
  return Reply::with(std::move(out));
}

void notify(const IoContext& io) {
  for (const auto& [host, notice] : io.ns.reservation.take_notes()) {
    for (const auto& [key, controller] : io.engine.controllers()) {
      if (controller->subsystem != io.controller.subsystem || controller->hostid != host) continue;
      const auto mask = controller->reservation_masks.find(io.ns.nsid());
      const auto bit = 1U << static_cast<unsigned>(notice);
      if (mask != controller->reservation_masks.end() && (mask->second & bit) != 0) continue;
      if (controller->notifications.size() < kMaxNotifications) {
        controller->notifications.emplace_back(io.ns.nsid(), static_cast<std::uint8_t>(notice));
      }
      ++controller->notification_count;
      controller->events.raise(Event::reservation);
      io.engine.deliver_events(*controller);
    }
  }
}

/// Commands of the hosts that have lost their registration. What a backend works on is done by then, and what waits for
/// its data meets the reservation when it comes.
void abort_commands(const IoContext& io, const std::map<HostId, std::uint64_t>& before) {
  for (const auto& [key, controller] : io.engine.controllers()) {
    const HostId& host = controller->hostid;
    const bool lost = before.contains(host) && !io.ns.reservation.registrants().contains(host);
    if (controller->subsystem != io.controller.subsystem || !lost) continue;
    for (const auto& [qid, queue] : controller->queues) {
      if (qid == 0) continue;
      std::vector<std::uint16_t> cids;
      for (const auto& [cid, request] : queue->requests) {
        if (!request.sqe.is_fabrics() && request.sqe.nsid() == io.ns.nsid()) cids.push_back(cid);
      }
      for (const std::uint16_t cid : cids) io.engine.abort(*queue, cid, status::kPreempted);
    }
  }
}

}  // namespace

bool is_reservation_command(std::uint8_t code) {
  return code == opcode::kReservationRegister || code == opcode::kReservationReport ||
         code == opcode::kReservationAcquire || code == opcode::kReservationRelease;
}

Reply reservation_command(const IoContext& io) {
  const Sqe& sqe = io.request.sqe;
  if (sqe.opcode() == opcode::kReservationReport) return report(io);
  const bool needs_two_keys = sqe.opcode() != opcode::kReservationRelease;
  if (io.request.data.size() < (needs_two_keys ? 16U : 8U)) return Reply::refuse(status::kSglLength);
  const std::uint32_t action = sqe.cdw(10) & 7;
  const bool ignore = (sqe.cdw(10) & 8) != 0;
  const auto type = static_cast<Reservation::Type>((sqe.cdw(10) >> 8) & 0xFF);
  const std::uint64_t key = get64(io.request.data.data());
  const HostId& host = io.controller.hostid;
  Reservation& reservation = io.ns.reservation;
  auto outcome = Reservation::Outcome::invalid;
  if (sqe.opcode() == opcode::kReservationRegister) {
    outcome = enroll(io, action, ignore);
  } else if (sqe.opcode() == opcode::kReservationAcquire) {
    constexpr std::uint32_t kPreempt = 1, kPreemptAndAbort = 2;
    if (action == 0) outcome = reservation.acquire(host, key, type);
    if (action == kPreempt || action == kPreemptAndAbort) {
      const auto before = reservation.registrants();
      outcome = reservation.preempt(host, key, get64(&io.request.data[8]), type);
      if (action == kPreemptAndAbort && outcome == Reservation::Outcome::done) abort_commands(io, before);
    }
  } else {
    if (action == 0) outcome = reservation.release(host, key, type);
    if (action == 1) outcome = reservation.clear(host, key);
  }
  notify(io);
  return reply_of(outcome);
}

Bytes Controller::take_notification() {
  Bytes out(64, 0);
  if (notifications.empty()) return out;
  const auto [nsid, kind] = notifications.front();
  notifications.pop_front();
  put64(out.data(), notification_count - notifications.size());
  out[8] = kind;
  out[9] = static_cast<std::uint8_t>(std::min<std::size_t>(notifications.size(), 255));
  put32(&out[12], nsid);
  return out;
}

}  // namespace stas::target
