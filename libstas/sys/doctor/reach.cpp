// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection to each controller that is configured or connected, all at once and for a bounded time; nothing is
// sent over it. From the source address and interface that the daemons would use.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "libstas/sys/doctor/collect.h"
#include "libstas/sys/net/interfaces.h"
#include "libstas/sys/net/tcp_endpoint.h"
#include "libstas/sys/net/tcp_socket.h"

namespace stas::doctor {

namespace {

using Clock = std::chrono::steady_clock;

struct Candidate {
  TcpEndpoint endpoint;
  bool configured = false;
  Result<UniqueFd> socket = UniqueFd();
};

// Host names are left to the daemons, which have a resolver that does not block.
std::vector<Candidate> candidates(const Facts& facts) {
  std::vector<Candidate> found;
  std::set<TcpEndpoint> seen;
  const auto add = [&](TidFields fields, bool configured) {
    if (fields.trsvcid.empty()) fields.trsvcid = default_trsvcid(fields.transport);
    auto endpoint = fields.transport == Transport::tcp ? tcp_endpoint_of(Tid(std::move(fields)))
                                                       : fail(ErrorKind::not_supported, "");
    if (endpoint && seen.insert(*endpoint).second) found.push_back({std::move(*endpoint), configured});
  };
  const auto add_lines = [&](const CommonConfig& config) {
    for (const auto& line : config.controllers)
      add({line.transport,
           line.traddr,
           line.trsvcid,
           {},
           line.host_traddr,
           config.ignore_iface ? "" : line.host_iface,
           {}},
          true);
  };
  add_lines(facts.stafd.value);
  add_lines(facts.stacd.value);
  for (const auto& one : facts.controllers)
    if (one.transport == "tcp")
      add({Transport::tcp, one.traddr, one.trsvcid, {}, one.host_traddr, one.host_iface, {}}, false);
  return found;
}

Answer answer_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::refused:
      return Answer::refused;
    case ErrorKind::permission:
      return Answer::denied;
    case ErrorKind::unreachable:
      return Answer::unreachable;
    case ErrorKind::timed_out:
      return Answer::silent;
    default:
      return Answer::failed;
  }
}

// The MTU of the path as far as the kernel knows it, and what the other end takes.
void measure(const UniqueFd& socket, const Interfaces& interfaces, const Facts& facts, Reached& one) {
  tcp_info info{};
  socklen_t length = sizeof info;
  const auto source = IpAddress::parse(tcp_source_address(socket));
  if (getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || !source) return;
  const int headers = (source->family() == IpFamily::v6 ? 40 : 20) + 20;
  one.carries = std::min(static_cast<int>(info.tcpi_pmtu), static_cast<int>(info.tcpi_snd_mss) + headers);
  for (const auto& interface : interfaces) {
    if (std::none_of(interface.addresses.begin(), interface.addresses.end(),
                     [&](const IpAddress& address) { return same_ip(address, *source); }))
      continue;
    for (const auto& known : facts.interfaces)
      if (known.name == interface.name && known.name != "lo") {
        one.interface = known.name;
        one.interface_mtu = known.mtu;
      }
  }
}

void wait_until(std::vector<Candidate>& all, Clock::time_point deadline, const Interfaces& interfaces, Facts& facts) {
  std::vector<bool> done(all.size(), false);
  const auto finish = [&](std::size_t i, Result<void> result) {
    Reached one{.where = to_text(all[i].endpoint), .configured = all[i].configured};
    one.answer = result ? Answer::connected : answer_of(result.error().kind);
    if (!result) one.words = result.error().text;
    if (result) measure(*all[i].socket, interfaces, facts, one);
    facts.reached.push_back(std::move(one));
    done[i] = true;
  };
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].socket) finish(i, tl::unexpected(all[i].socket.error()));
  for (;;) {
    std::vector<pollfd> open;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (done[i]) continue;
      open.push_back({all[i].socket->get(), POLLOUT, 0});
      which.push_back(i);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (open.empty() || left <= 0) break;
    if (poll(open.data(), open.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    for (std::size_t n = 0; n < open.size(); ++n)
      if (open[n].revents != 0) finish(which[n], tcp_connect_result(*all[which[n]].socket));
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!done[i]) finish(i, fail(ErrorKind::timed_out, "no answer", ETIMEDOUT));
}

}  // namespace

void try_controllers(Facts& facts, std::chrono::milliseconds patience) {
  auto all = candidates(facts);
  if (all.size() > kMaxReached) {
    facts.reach_left_out = all.size() - kMaxReached;
    all.resize(kMaxReached);
  }
  for (auto& one : all) one.socket = begin_tcp_connect(one.endpoint);
  wait_until(all, Clock::now() + patience, read_interfaces().value_or(Interfaces()), facts);
}

}  // namespace stas::doctor
