// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/connect_inquiry.h"

#include <utility>

#include "libstas/sys/host/user_plan.h"

namespace stas {

std::unique_ptr<ConnectInquiry> ConnectInquiry::begin(Loop& loop, const Connect& order, Done done, Duration patience) {
  if (order.tid.transport() != Transport::tcp) return nullptr;
  const auto plan = make_user_plan(order, {});
  if (!plan || !plan->tcp) return nullptr;
  nvme_tcp::ConnectParameters parameters;
  parameters.sqsize = nvme_tcp::kAdminQueueEntries - 1;
  parameters.hostid = plan->session.hostid;
  parameters.subsysnqn = plan->session.subsysnqn;
  parameters.hostnqn = plan->session.hostnqn;
  const bool has_key = !order.options.dhchap_secret.empty() || !order.host.key.empty();
  return std::make_unique<ConnectInquiry>(loop, *plan->tcp, plan->digests, std::move(parameters), has_key,
                                          std::move(done), patience);
}

ConnectInquiry::ConnectInquiry(Loop& loop, const TcpEndpoint& endpoint, nvme_tcp::Digests digests,
                               nvme_tcp::ConnectParameters parameters, bool has_key, Done done, Duration patience)
    : loop_(loop),
      parameters_(std::move(parameters)),
      has_key_(has_key),
      patience_(patience),
      until_(loop.now() + patience),
      done_(std::move(done)),
      timer_(loop.timer([this] { look(); })),
      link_(loop, endpoint, digests, patience, [this] { look(); }) {
  timer_.arm(link_.error() ? loop_.now() : until_);
}

void ConnectInquiry::look() {
  const Instant now = loop_.now();
  if (!asked_ && link_.is_open()) {
    asked_ = true;
    until_ = now + patience_;
    timer_.arm(until_);
    link_.submit(1, nvme_tcp::connect_command(parameters_));
    link_.flush();
  }
  // An answer counts although the connection was closed behind it.
  const auto answers = link_.take_completions();
  if (answers.empty() && !link_.error() && now < until_) return;
  const auto done = std::move(done_);  // this is perhaps destroyed in the call
  done(answers.empty() ? std::nullopt : judge(answers.front().completion));
}

std::optional<Error> ConnectInquiry::judge(const nvme_tcp::Completion& answer) const {
  if (!answer.ok()) return nvme_tcp::connect_error(parameters_, answer);
  if (!nvme_tcp::demands_authentication(answer)) return std::nullopt;
  return Error{
      ErrorKind::permission, 0,
      has_key_ ? "the controller demands DH-HMAC-CHAP authentication; likely the keys of host and controller differ "
                 "(dhchap-secret=, dhchap-ctrl-secret=, or the host key of sys.conf); the kernel log has the "
                 "status"
               : "the controller demands DH-HMAC-CHAP authentication, and this host has no key for it "
                 "(dhchap-secret=, or the host key of sys.conf)"};
}

}  // namespace stas
