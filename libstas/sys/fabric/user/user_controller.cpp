// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/user/user_controller.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "libstas/sys/host/tcp_link.h"

namespace stas {

namespace {

std::string type_text(std::uint8_t cntrltype) {
  static constexpr std::string_view kTypes[] = {"reserved", "io", "discovery", "admin"};
  return cntrltype < std::size(kTypes) ? std::string(kTypes[cntrltype]) : std::string();
}

std::string dctype_text(std::uint8_t dctype) {
  static constexpr std::string_view kTypes[] = {"none", "ddc", "cdc"};
  return dctype < std::size(kTypes) ? std::string(kTypes[dctype]) : std::string();
}

// A refusal that trying again does not change: an NVMe status with DNR and the like, not a closed TCP port.
bool is_final(const Error& error) {
  if (error.errnum != 0) return false;
  return error.kind == ErrorKind::refused || error.kind == ErrorKind::permission ||
         error.kind == ErrorKind::not_supported;
}

}  // namespace

UserController::UserController(Loop& loop, LoopTargets* loop_targets, Connect order, UserPlan plan, DeviceRef ref,
                               UserTimeouts timeouts, Hooks hooks)
    : loop_(loop),
      loop_targets_(loop_targets),
      order_(std::move(order)),
      plan_(std::move(plan)),
      ref_(std::move(ref)),
      timeouts_(timeouts),
      hooks_(std::move(hooks)),
      timer_(loop.timer([this] { on_timer(); })) {}

void UserController::start() {
  state_ = State::waiting;
  act_at_ = loop_.now() + timeouts_.wait_for_turn;
  hooks_.want_turn();
  arm();
}

void UserController::start_attempt() {
  if (state_ != State::waiting) return;
  state_ = State::attempting;
  act_at_ = kNever;
  session_.emplace(plan_.session);
  session_->start(loop_.now());
  pump();
}

void UserController::call_off() {
  if (announced_ || state_ == State::gone) return;
  stop_attempt();
  state_ = State::gone;
  finish_with(order_.op, Error{ErrorKind::cancelled, 0, "the connect was called off"});
  hooks_.gone();
  arm();
}

void UserController::stop_attempt() {
  const bool had_turn = state_ == State::attempting || state_ == State::waiting;
  links_.clear();
  session_.reset();
  computing_.reset();
  act_at_ = kNever;
  if (had_turn) hooks_.turn_over();
}

void UserController::open_link(std::uint16_t qid) {
  auto changed = [this] { pump(); };
  if (plan_.tcp) {
    links_.push_back(
        {qid, false,
         std::make_unique<TcpLink>(loop_, *plan_.tcp, plan_.digests, timeouts_.tcp_connect, std::move(changed))});
  } else {
    links_.push_back({qid, false, std::make_unique<LoopLink>(loop_, *loop_targets_, plan_.traddr, std::move(changed))});
  }
}

void UserController::agree(nvme_tcp::DhchapHost::Agreement what) {
  computing_ = std::make_shared<bool>(true);
  const std::weak_ptr<bool> waiting = computing_;
  const auto* crypto = plan_.session.dhchap.crypto;
  const bool taken = hooks_.compute([this, waiting, crypto, what = std::move(what)]() -> Worker::Completion {
    return [this, waiting, result = crypto->agree(what.group, what.peer)] {
      if (waiting.expired()) return;  // and this controller may be gone
      session_->agreed(result, loop_.now());
      pump();
    };
  });
  if (!taken) session_->queue_failed(Error{ErrorKind::busy, 0, "too many authentications at a time"});
}

void UserController::on_timer() {
  const auto now = loop_.now();
  if (session_) {
    for (auto& open : links_) open.link->advance(now);
    session_->advance(now);
    return pump();
  }
  if (announced_ && now >= give_up_at_) {
    stop_attempt();
    return vanish();
  }
  if (now >= act_at_ && state_ == State::pausing) {
    state_ = State::waiting;
    act_at_ = kNever;
    hooks_.want_turn();
  } else if (now >= act_at_ && state_ == State::waiting) {
    stop_attempt();
    state_ = State::gone;
    finish_with(order_.op, Error{ErrorKind::busy, 0, "too many connects to this address are waiting"});
    return hooks_.gone();
  }
  arm();
}

void UserController::arm() {
  if (state_ == State::gone) return timer_.disarm();
  auto earliest = act_at_;
  if (session_) {
    earliest = std::min(earliest, session_->deadline());
    for (const auto& open : links_) earliest = std::min(earliest, open.link->deadline());
  } else if (announced_) {
    earliest = std::min(earliest, give_up_at_);
  }
  timer_.arm(earliest);
}

// Carries facts from the links to the session and orders back, until nobody has anything to say.
void UserController::pump() {
  bool more = session_.has_value();
  while (more) {
    const auto now = loop_.now();
    more = look_at_links(now);
    more = carry_out_orders() || more;
    more = handle_session_events() || more;
    more = more && session_.has_value();
  }
  arm();
}

bool UserController::look_at_links(Instant now) {
  bool something = false;
  for (auto& open : links_) {
    if (!open.reported && open.link->is_open()) {
      open.reported = something = true;
      session_->queue_opened(open.qid, now);
    }
    // Answers first: a controller may refuse and close at once, and the refusal is the better reason.
    for (auto& done : open.link->take_completions()) {
      something = true;
      session_->completed(std::move(done), now);
    }
    if (open.link->error()) {
      something = true;
      session_->queue_failed(*open.link->error());
    }
  }
  return something;
}

bool UserController::carry_out_orders() {
  auto orders = session_->take_orders();
  for (auto& order : orders) {
    if (const auto* open = std::get_if<nvme_tcp::Session::OpenQueue>(&order)) {
      open_link(open->qid);
      continue;
    }
    if (auto* wanted = std::get_if<nvme_tcp::Session::Agree>(&order)) {
      agree(std::move(wanted->what));
      continue;
    }
    auto& submit = std::get<nvme_tcp::Session::Submit>(order);
    const auto open = std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l.qid == submit.qid; });
    if (open != links_.end()) open->link->submit(submit.token, std::move(submit.command));
  }
  for (auto& open : links_) open.link->flush();
  return !orders.empty();
}

bool UserController::handle_session_events() {
  auto events = session_->take_events();
  for (auto& event : events) {
    if (std::holds_alternative<nvme_tcp::Session::Live>(event)) {
      on_live();
    } else if (const auto* aen = std::get_if<nvme_tcp::Session::Aen>(&event)) {
      hooks_.emit(AenReceived{ref_, aen->value});
    } else if (auto* answered = std::get_if<nvme_tcp::Session::Answered>(&event)) {
      on_answer(answered->request, std::move(answered->answer));
    } else if (const auto* closed = std::get_if<nvme_tcp::Session::Closed>(&event)) {
      on_closed(closed->error);
    }
  }
  return !events.empty();
}

void UserController::on_live() {
  state_ = State::live;
  give_up_at_ = kNever;
  identity_ = session_->identity();
  src_addr_ = links_.front().link->source_address();
  hooks_.turn_over();
  hooks_.emit(DeviceSeen{device()});
  if (std::exchange(announced_, true)) {
    hooks_.emit(DeviceReconnected{ref_});
  } else {
    finish(order_.op, Connected{device()});
  }
}

void UserController::on_closed(const std::optional<Error>& error) {
  const bool was_live = state_ == State::live;
  const bool stopping = state_ == State::stopping;
  stop_attempt();
  if (stopping) return finish_disconnect();
  const auto reason = in_context(error.value_or(Error{ErrorKind::closed, 0, "the connection has ended"}));
  if (announced_) return on_lost(reason, was_live);
  state_ = State::gone;
  finish(order_.op, reason);
  hooks_.gone();
}

void UserController::on_lost(const Error& error, bool was_live) {
  const auto now = loop_.now();
  if (was_live) {
    give_up_at_ = plan_.ctrl_loss_tmo ? now + *plan_.ctrl_loss_tmo : kNever;
    state_ = State::pausing;
    src_addr_.clear();
    hooks_.emit(DeviceSeen{device()});
  }
  if (now >= give_up_at_ || (!was_live && is_final(error))) return vanish();
  state_ = State::pausing;
  act_at_ = now + plan_.reconnect_delay;
}

void UserController::vanish() {
  state_ = State::gone;
  hooks_.emit(DeviceGone{ref_});
  hooks_.gone();
  arm();
}

void UserController::finish_disconnect() {
  state_ = State::gone;
  hooks_.emit(DeviceGone{ref_});
  for (const auto op : std::exchange(disconnects_, {})) finish(op, Disconnected{});
  hooks_.gone();
  arm();
}

Device UserController::device() const {
  Device device;
  device.ref = ref_;
  device.transport = to_text(order_.tid.transport());
  device.traddr = order_.tid.traddr();
  device.trsvcid = order_.tid.trsvcid();
  device.host_traddr = order_.tid.host_traddr();
  device.host_iface = order_.tid.host_iface();
  device.src_addr = src_addr_;
  device.subsysnqn = identity_.subsysnqn.empty() ? plan_.session.subsysnqn : identity_.subsysnqn;
  device.hostnqn = plan_.session.hostnqn;
  device.hostid = order_.host.id;
  device.cntrltype = type_text(identity_.cntrltype);
  device.dctype = dctype_text(identity_.dctype);
  device.state = state_ == State::live ? "live" : state_ == State::stopping ? "deleting" : "connecting";
  device.model = identity_.model;
  device.serial = identity_.serial;
  return device;
}

}  // namespace stas
