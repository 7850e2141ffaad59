// SPDX-License-Identifier: Apache-2.0
//
// The steps of a session, each with its name, with what a refusal means and with what its answer leads to.
#include <algorithm>
#include <array>
#include <utility>

#include "libstas/nvme_tcp/session.h"

namespace stas::nvme_tcp {

namespace {

constexpr auto kAenWindow = std::chrono::seconds(1);

std::string type_text(std::uint8_t cntrltype) {
  switch (static_cast<ControllerType>(cntrltype)) {
    case ControllerType::io:
      return "an I/O controller";
    case ControllerType::discovery:
      return "a discovery controller";
    case ControllerType::admin:
      return "an administrative controller";
    case ControllerType::reserved:
      break;
  }
  return "a controller of type " + std::to_string(cntrltype);
}

}  // namespace

const Session::StepInfo& Session::info_of(Step step) {
  static constexpr bool kMayBeRefused = true, kMustSucceed = false;
  // In the order of the enumeration.
  static constexpr std::array<StepInfo, 16> kSteps = {{
      {Step::connect, "Connect", kMayBeRefused, &Session::on_connect},  // its refusals have words of their own
      {Step::auth_send, "Authentication Send", kMustSucceed, &Session::on_auth_sent},
      {Step::auth_receive, "Authentication Receive", kMustSucceed, &Session::on_auth_received},
      {Step::capabilities, "Property Get CAP", kMustSucceed, &Session::on_capabilities},
      {Step::enable, "Property Set CC", kMustSucceed, &Session::on_enabled},
      {Step::ready, "Property Get CSTS", kMustSucceed, &Session::on_ready},
      {Step::version, "Property Get VS", kMustSucceed, &Session::on_version},
      {Step::identify, "Identify", kMustSucceed, &Session::on_identify},
      {Step::queue_count, "Set Features (number of queues)", kMustSucceed, &Session::on_queue_count},
      {Step::connect_io, "Connect of an I/O queue", kMayBeRefused, &Session::on_connect},
      // Without events the owner still polls: no reason to do without the controller.
      {Step::events, "Set Features (asynchronous events)", kMayBeRefused, &Session::on_events},
      {Step::event_request, "Asynchronous Event Request", kMayBeRefused, &Session::on_event},
      {Step::keep_alive, "Keep Alive", kMayBeRefused, &Session::on_keep_alive},
      {Step::shutdown, "Property Set CC (shutdown)", kMustSucceed, &Session::on_shutdown},
      {Step::shutdown_poll, "Property Get CSTS (shutdown)", kMustSucceed, &Session::on_shutdown_poll},
      {Step::request, "", kMayBeRefused, &Session::on_request},  // the owner names it, and gets the refusal
  }};
  static_assert([] {
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
      if (kSteps[i].step != static_cast<Step>(i)) return false;
    }
    return true;
  }());
  return kSteps[static_cast<std::size_t>(step)];
}

void Session::send(Step step, Command command, Instant deadline, std::uint16_t qid) {
  Pending pending{step, deadline, qid, command.read_length, std::string(info_of(step).name)};
  const auto token = next_token_++;
  pending_.emplace(token, std::move(pending));
  orders_.emplace_back(Submit{qid, token, std::move(command)});
}

void Session::exchange(Step step, Command command, Instant now, std::uint16_t qid) {
  send(step, std::move(command), now + config_.timeouts.exchange, qid);
}

ConnectParameters Session::connect_parameters(std::uint16_t qid) const {
  ConnectParameters p;
  p.qid = qid;
  p.sqsize = qid == 0 ? kAdminQueueEntries - 1 : static_cast<std::uint16_t>(max_entries_ - 1);
  p.disable_sqflow = config_.disable_sqflow;
  if (qid == 0) {
    p.kato_ms = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(config_.kato).count());
  }
  p.cntlid = cntlid_;
  p.hostid = config_.hostid;
  p.subsysnqn = config_.subsysnqn;
  p.hostnqn = config_.hostnqn;
  return p;
}

void Session::send_connect(std::uint16_t qid, Instant now) {
  exchange(qid == 0 ? Step::connect : Step::connect_io, connect_command(connect_parameters(qid)), now, qid);
}

void Session::on_connect(const Pending& pending, Completion& completion, Instant now) {
  const auto qid = static_cast<std::uint16_t>(pending.request);
  if (!completion.ok()) return close(connect_error(connect_parameters(qid), completion));
  if (demands_secure_channel(completion)) {
    return fail_with(ErrorKind::not_supported,
                     "the controller demands secure channel concatenation, which the user fabric cannot do");
  }
  if (qid == 0) cntlid_ = static_cast<std::uint16_t>(completion.dw0());
  if (demands_authentication(completion)) return authenticate(qid, now);
  connected(qid, now);
}

void Session::authenticate(std::uint16_t qid, Instant now) {
  if (!config_.dhchap.flaw.empty()) {
    return fail_with(ErrorKind::permission,
                     "the controller demands authentication, and a key for it (dhchap-secret=, dhchap-ctrl-secret=, or "
                     "the host key of sys.conf) " +
                         config_.dhchap.flaw);
  }
  if (config_.dhchap.crypto == nullptr || config_.dhchap.host.key.empty()) {
    return fail_with(ErrorKind::permission,
                     "the controller demands authentication and there is no key for it (dhchap-secret=, or the host "
                     "key of sys.conf)");
  }
  auth_.emplace(config_.dhchap, config_.hostnqn, config_.subsysnqn);
  auth_qid_ = qid;
  auto message = auth_->begin();
  if (!message) return close(std::move(message.error()));
  go_on_authenticating(std::move(*message), now);
}

void Session::go_on_authenticating(std::string message, Instant now) {
  if (!message.empty()) return exchange(Step::auth_send, authentication_send(std::move(message)), now, auth_qid_);
  if (auth_->wanted()) {
    orders_.emplace_back(Agree{*auth_->wanted()});
    return;
  }
  if (!auth_->finished()) return exchange(Step::auth_receive, authentication_receive(), now, auth_qid_);
  if (auth_->error()) return close(auth_->error());
  connected(auth_qid_, now);
}

void Session::on_auth_sent(const Pending&, Completion&, Instant now) { go_on_authenticating({}, now); }

void Session::on_auth_received(const Pending&, Completion& completion, Instant now) {
  go_on_authenticating(auth_->take(completion.data), now);
}

void Session::agreed(Result<DhAgreement> result, Instant now) {
  if (phase_ != Phase::starting || !auth_ || !auth_->wanted()) return;
  go_on_authenticating(auth_->agreed(std::move(result)), now);
}

void Session::connected(std::uint16_t qid, Instant now) {
  auth_.reset();
  if (qid == 0) return exchange(Step::capabilities, property_get(Property::cap), now);
  if (qid < io_queues_) return send_connect(static_cast<std::uint16_t>(qid + 1), now);
  enable_events(now);
}

void Session::on_capabilities(const Pending&, Completion& completion, Instant now) {
  constexpr auto kTimeoutUnit = std::chrono::milliseconds(500);
  const auto cap = completion.result;
  const Duration promised = kTimeoutUnit * std::max<std::uint64_t>((cap >> 24U) & 0xFFU, 1);
  ready_until_ = now + std::min(promised, config_.timeouts.ready);
  max_entries_ = std::min<std::uint32_t>(static_cast<std::uint32_t>(cap & 0xFFFFU) + 1, config_.io_queue_size);
  cc_ = kCcEntrySizes | kCcEnable | ((cap & kCapCommandSets) != 0 ? kCcAllCommandSets : 0);
  exchange(Step::enable, property_set(Property::cc, cc_), now);
}

void Session::on_enabled(const Pending&, Completion&, Instant now) {
  exchange(Step::ready, property_get(Property::csts), now);
}

void Session::on_ready(const Pending&, Completion& completion, Instant now) {
  const auto csts = completion.dw0();
  if ((csts & kCstsFatal) != 0) {
    return fail_with(ErrorKind::protocol, "the controller reports a fatal error (CSTS.CFS)");
  }
  if ((csts & kCstsReady) == 0) {
    if (now >= ready_until_) return fail_with(ErrorKind::timed_out, "the controller does not become ready (CSTS.RDY)");
    poll_at_ = now + config_.timeouts.poll;
    return;
  }
  if (config_.kato > Duration::zero()) keep_alive_at_ = now + config_.kato / 2;
  exchange(Step::version, property_get(Property::vs), now);
}

void Session::on_version(const Pending&, Completion&, Instant now) {
  exchange(Step::identify, identify_controller(), now);
}

void Session::on_identify(const Pending&, Completion& completion, Instant now) {
  auto identity = parse_identify_controller(completion.data);
  if (!identity) return close(identity.error());
  identity_ = std::move(*identity);
  if (identity_.cntlid != cntlid_) {
    return fail_with(ErrorKind::protocol, "Connect gave controller ID " + std::to_string(cntlid_) +
                                              " but Identify says " + std::to_string(identity_.cntlid));
  }
  // Controllers older than NVMe 1.4 leave the type at 0: then the one that was asked for is believed.
  const bool discovery = config_.kind == ControllerKind::discovery;
  const auto wanted = discovery ? ControllerType::discovery : ControllerType::io;
  const auto type = static_cast<ControllerType>(identity_.cntrltype);
  if (type != ControllerType::reserved && type != wanted) {
    return fail_with(ErrorKind::refused, config_.subsysnqn + " is " + type_text(identity_.cntrltype) + ", not " +
                                             type_text(static_cast<std::uint8_t>(wanted)));
  }
  if (discovery) return enable_events(now);
  if (identity_.maxcmd != 0) max_entries_ = std::min<std::uint32_t>(max_entries_, identity_.maxcmd);
  max_entries_ = std::max<std::uint32_t>(max_entries_, 2);
  io_queues_ = std::clamp<std::uint16_t>(config_.nr_io_queues, 1, kMaxIoQueues);
  const std::uint32_t count = io_queues_ - 1U;
  exchange(Step::queue_count, set_feature(Feature::queue_count, count << 16U | count), now);
}

void Session::on_queue_count(const Pending&, Completion& completion, Instant now) {
  const auto granted = std::min(completion.dw0() & 0xFFFFU, completion.dw0() >> 16U) + 1;
  io_queues_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(io_queues_, granted));
  open_until_ = now + config_.timeouts.exchange;
  for (std::uint16_t qid = 1; qid <= io_queues_; ++qid) orders_.emplace_back(OpenQueue{qid});
}

void Session::enable_events(Instant now) {
  const auto wanted = config_.kind == ControllerKind::discovery
                          ? kEventDiscovery
                          : kEventNamespaces | kEventFirmware | kEventAna | kEventDiscovery;
  const auto events = identity_.oaes & wanted;
  if (events == 0) return go_live();
  exchange(Step::events, set_feature(Feature::asynchronous_events, events), now);
}

void Session::on_events(const Pending&, Completion& completion, Instant) {
  if (completion.ok()) request_event();
  go_live();
}

void Session::go_live() {
  phase_ = Phase::live;
  end_ = kNever;
  events_.emplace_back(Live{});
}

void Session::request_event() { send(Step::event_request, asynchronous_event_request(), kNever); }

void Session::on_event(const Pending&, Completion& completion, Instant now) {
  if (!completion.ok() || phase_ == Phase::stopping) return;
  events_.emplace_back(Aen{completion.dw0()});
  if (now - aen_window_ >= kAenWindow) {
    aen_window_ = now;
    aens_in_window_ = 0;
  }
  if (++aens_in_window_ < kMaxAensPerSecond) return request_event();
  aer_at_ = aen_window_ + kAenWindow;
}

void Session::on_keep_alive(const Pending&, Completion&, Instant now) { keep_alive_at_ = now + config_.kato / 2; }

void Session::on_shutdown(const Pending&, Completion&, Instant now) {
  exchange(Step::shutdown_poll, property_get(Property::csts), now);
}

void Session::on_shutdown_poll(const Pending&, Completion& completion, Instant now) {
  if (is_shutdown_complete(completion.dw0())) return close(std::nullopt);
  poll_at_ = now + config_.timeouts.poll;
}

void Session::on_request(const Pending& pending, Completion& completion, Instant) {
  if (!completion.ok()) {
    events_.emplace_back(Answered{pending.request, tl::unexpected(status_error(pending.what, completion))});
  } else if (completion.data.size() != pending.read_length) {
    events_.emplace_back(Answered{
        pending.request,
        fail(ErrorKind::protocol, pending.what + ": the controller returned " + std::to_string(completion.data.size()) +
                                      " bytes instead of " + std::to_string(pending.read_length))});
  } else {
    events_.emplace_back(Answered{pending.request, std::move(completion)});
  }
}

}  // namespace stas::nvme_tcp
