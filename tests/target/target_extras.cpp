// SPDX-License-Identifier: Apache-2.0
//
// What a target does beside serving: listeners that do not accept, announcing itself by mDNS, further targets in the
// same process.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

#include "tests/target/target.h"
#include "tests/target/transport/socket_address.h"

namespace stas::target {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kMaxFillers = 16;
constexpr std::size_t kMaxTargets = 256;

std::string errno_text(const std::string& what) { return what + ": " + std::system_category().message(errno); }

}  // namespace

Result<void> Target::set_accepting(std::uint16_t id, Accepting accepting) {
  const auto it = acceptors_.find(id);
  if (it == acceptors_.end()) return problem("no TCP listener " + std::to_string(id));
  Acceptor& acceptor = it->second;
  acceptor.accepting = accepting;
  acceptor.fillers.clear();
  poller_.modify(acceptor.watch, accepting == Accepting::yes ? EPOLLIN : 0U);
  if (::listen(acceptor.socket.get(), accepting == Accepting::black_hole ? 0 : kBacklog) != 0) {
    return problem(errno_text("listener " + std::to_string(id)));
  }
  if (accepting != Accepting::black_hole) return {};
  // A full backlog is what makes the kernel drop SYNs: connections of our own fill it.
  const auto address = SocketAddress::of_local(acceptor.socket.get());
  for (std::size_t i = 0; i < kMaxFillers; ++i) {
    UniqueFd filler(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!filler) return problem(errno_text("listener " + std::to_string(id)));
    ::connect(filler.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length);
    // On loopback the handshake is over when connect() returns, unless the SYN was dropped.
    tcp_info info{};
    socklen_t length = sizeof info;
    ::getsockopt(filler.get(), IPPROTO_TCP, TCP_INFO, &info, &length);
    const bool dropped = info.tcpi_state == TCP_SYN_SENT;
    acceptor.fillers.push_back(std::move(filler));
    if (dropped) return {};
  }
  return problem("listener " + std::to_string(id) + ": its backlog cannot be filled");
}

Result<void> Target::set_mdns(const MdnsConfig& config) {
  if (config.publish && !mdns_) {
    auto publisher = MdnsPublisher::make();
    if (!publisher) return problem(publisher.error().text);
    mdns_ = std::move(*publisher);
  }
  mdns_config_ = config;
  if (!config.publish) {
    mdns_.reset();
  } else {
    announce();
  }
  return {};
}

void Target::announce() {
  mdns_genctr_ = engine_.model().genctr;
  const DiscoveryConfig& discovery = engine_.model().discovery;
  std::string subtype;
  if (mdns_config_.subtypes && discovery.dctype == DiscoveryKind::ddc) subtype = "_ddc";
  if (mdns_config_.subtypes && discovery.dctype == DiscoveryKind::cdc) subtype = "_cdc";
  std::vector<MdnsService> services;
  for (const auto& [id, listener] : engine_.model().listeners) {
    if (!listener.config.discovery || listener.config.transport != Transport::tcp) continue;
    // A scope means something on this machine only: such an address is announced by the machine's name.
    const std::string& traddr = listener.config.traddr;
    const bool named = !listener.wildcard && traddr.find('%') == std::string::npos;
    const std::string number = std::to_string(id);
    services.push_back({.name = mdns_config_.name + " " + number,
                        .port = static_cast<std::uint16_t>(std::strtoul(listener.config.trsvcid.c_str(), nullptr, 10)),
                        .adrfam = listener.adrfam,
                        .host = named ? mdns_config_.name + "-" + number : std::string(),
                        .address = named ? traddr : std::string(),
                        .nqn = engine_.model().discovery_nqn(),
                        .subtype = subtype});
  }
  mdns_->announce(std::move(services));
}

Result<void> Target::add_target(const std::string& name, const TargetConfig& config) {
  if (name.empty() || targets_.contains(name)) return problem("target '" + name + "' exists already or has no name");
  if (targets_.size() >= kMaxTargets) return problem("there are 256 targets already");
  auto made = make(config);
  if (!made) return problem("target " + name + ": " + made.error().text);
  Target* inner = made->get();
  target_watches_[name] = poller_.add(inner->fd(), EPOLLIN, [inner](std::uint32_t) { inner->poll(Millis(0)); });
  targets_[name] = std::move(*made);
  return {};
}

Result<void> Target::remove_target(const std::string& name) {
  const auto it = targets_.find(name);
  if (it == targets_.end()) return problem("no target " + name);
  poller_.remove(target_watches_[name]);
  target_watches_.erase(name);
  targets_.erase(it);
  return {};
}

Target* Target::find_target(const std::string& name) const {
  const auto it = targets_.find(name);
  return it == targets_.end() ? nullptr : it->second.get();
}

}  // namespace stas::target
