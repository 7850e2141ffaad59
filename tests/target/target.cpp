// SPDX-License-Identifier: Apache-2.0
//
// Listening, accepting, time, and the lives of connections. The only place of the target that reads a clock.
#include "tests/target/target.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

#include "tests/target/control/config_json.h"
#include "tests/target/control/rpc.h"
#include "tests/target/transport/socket_address.h"

namespace stas::target {
namespace {

constexpr int kAcceptsPerEvent = 64;
constexpr int kBacklog = 4096;
constexpr std::size_t kWorkers = 2;
constexpr Millis kPauseWithoutDescriptors{100};

std::string errno_text(const std::string& what) { return what + ": " + std::system_category().message(errno); }

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

}  // namespace

Target::Target() : workers_(poller_, kWorkers), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  poller_.add(timer_.get(), EPOLLIN, [this](std::uint32_t) {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(timer_.get(), &expirations, sizeof expirations);
    armed_.reset();
  });
}

Target::~Target() {
  rpc_server_.reset();
  connections_.clear();
}

Result<std::unique_ptr<Target>> Target::make(std::string_view json) {
  auto config = parse_config(json);
  if (!config) return problem(config.error().text);
  return make(*config);
}

Result<std::unique_ptr<Target>> Target::make(const TargetConfig& config) {
  std::unique_ptr<Target> target(new Target);
  Engine& engine = target->engine_;
  if (const auto ok = engine.set_policy(config.policy); !ok) return problem(ok.error().text);
  if (const auto ok = engine.set_discovery(config.discovery); !ok) return problem(ok.error().text);
  // Listeners that name an id first, so that the others do not take it.
  for (const bool named : {true, false}) {
    for (const auto& listener : config.listeners) {
      if ((listener.id != 0) != named) continue;
      if (const auto added = target->add_listener(listener); !added) return problem(added.error().text);
    }
  }
  target->set_memory(config.memory);
  for (const auto& backend : config.backends) {
    if (const auto ok = engine.add_backend(backend); !ok) return problem(ok.error().text);
  }
  for (const auto& group : config.zone_groups) {
    if (const auto ok = engine.set_zone_group(group); !ok) return problem(ok.error().text);
  }
  for (const auto& subsystem : config.subsystems) {
    if (const auto ok = engine.add_subsystem(subsystem); !ok) return problem(ok.error().text);
  }
  for (const auto& referral : config.referrals) {
    if (const auto ok = engine.add_referral(referral); !ok) return problem(ok.error().text);
  }
  engine.loaded();
  if (config.mdns.publish) {
    if (const auto ok = target->set_mdns(config.mdns); !ok) return problem(ok.error().text);
  }
  target->mdns_config_ = config.mdns;
  target->settle();
  return target;
}

Result<Listener> Target::add_listener(ListenerConfig config) {
  const auto& known = engine_.model().listeners;
  if (config.id == 0) {
    config.id = 1;
    while (known.contains(config.id) && config.id < 0xFFFF) ++config.id;
  }
  if (known.contains(config.id)) return problem("listener " + std::to_string(config.id) + " exists already");
  Listener listener{.config = std::move(config)};
  if (listener.config.transport == Transport::loop) {
    listener.adrfam = 254;
    listener.config.traddr.clear();
    listener.config.trsvcid.clear();
  } else if (listener.config.transport != Transport::tcp) {
    listener.adrfam = family_of(listener.config);  // listed, and nothing else
  } else {
    Acceptor acceptor;
    if (const auto ok = listen(listener, acceptor); !ok) return problem(ok.error().text);
    acceptors_.emplace(listener.config.id, std::move(acceptor));
  }
  if (const auto ok = engine_.add_listener(listener); !ok) return problem(ok.error().text);
  return listener;
}

Result<void> Target::listen(Listener& listener, Acceptor& acceptor) {
  const std::string name = "listener " + std::to_string(listener.config.id);
  const auto address = SocketAddress::parse(listener.config.traddr, listener.config.trsvcid);
  if (!address) return problem(name + ": " + address.error().text);
  UniqueFd socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket) return problem(errno_text(name + ": socket"));
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address->adrfam() == 2) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->length) != 0) {
    return problem(errno_text(name + ": bind to " + listener.config.traddr + " port " + listener.config.trsvcid));
  }
  if (::listen(socket.get(), kBacklog) != 0) return problem(errno_text(name + ": listen"));
  listener.adrfam = address->adrfam();
  listener.wildcard = address->is_wildcard();
  listener.config.trsvcid = SocketAddress::of_local(socket.get()).port();
  acceptor.timer = next_id_++;
  acceptor.watch = poller_.add(socket.get(), EPOLLIN, [this, id = listener.config.id](std::uint32_t) { accept(id); });
  acceptor.socket = std::move(socket);
  return {};
}

Result<void> Target::remove_listener(std::uint16_t id) {
  if (const auto it = acceptors_.find(id); it != acceptors_.end()) {
    poller_.remove(it->second.watch);
    timers_.cancel(it->second.timer);
    acceptors_.erase(it);
  }
  return engine_.remove_listener(id);
}

std::string Target::port(std::uint16_t id) const {
  const auto it = engine_.model().listeners.find(id);
  return it == engine_.model().listeners.end() ? std::string() : it->second.config.trsvcid;
}

void Target::accept(std::uint16_t id) {
  const auto it = acceptors_.find(id);
  const auto listener = engine_.model().listeners.find(id);
  if (it == acceptors_.end() || listener == engine_.model().listeners.end()) return;
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    UniqueFd socket(::accept4(it->second.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      // Out of descriptors or memory: the kernel would wake us again and again for the same connection.
      poller_.modify(it->second.watch, 0);
      return timers_.set(it->second.timer, clock() + kPauseWithoutDescriptors);
    }
    if (engine_.faults().strike(FaultKind::refuse_accept, {.listener = id})) {
      const linger reset{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      continue;
    }
    adopt(std::move(socket), listener->second);
  }
}

void Target::adopt(UniqueFd socket, const Listener& listener) {
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  const auto peer = SocketAddress::of_peer(socket.get());
  Origin origin{.listener = listener.config.id,
                .transport = Transport::tcp,
                .adrfam = listener.adrfam,
                .local_address = SocketAddress::of_local(socket.get()).address(),
                .peer_address = peer.address(),
                .peer_port = peer.port()};
  ++engine_.stats().accepted;
  ++engine_.stats().open;
  const auto id = next_id_++;
  connections_.emplace(id, std::make_unique<TcpConnection>(
                               engine_, poller_, static_cast<ConnectionOwner&>(*this), budget_,
                               TcpConnection::Setup{id, std::move(socket), std::move(origin), listener.config}));
}

void Target::poll(Millis timeout) {
  poller_.wait(timeout);
  settle();
}

void Target::fire(std::uint64_t key) {
  if (const auto it = connections_.find(key); it != connections_.end()) return it->second->on_timer();
  if (key == rpc_timer_ && rpc_server_) return rpc_server_->resume();
  for (const auto& [id, acceptor] : acceptors_) {
    if (acceptor.timer == key && acceptor.accepting == Accepting::yes) poller_.modify(acceptor.watch, EPOLLIN);
  }
}

void Target::settle() {
  const Instant now = clock();
  engine_.advance(now);
  while (const auto key = timers_.pop_due(now)) fire(*key);
  while (!ended_.empty()) {
    const auto id = ended_.back();
    ended_.pop_back();
    timers_.cancel(id);
    if (connections_.erase(id) > 0) --engine_.stats().open;
  }
  for (const auto id : budget_.take_waiting()) {
    if (const auto it = connections_.find(id); it != connections_.end()) it->second->on_memory();
  }
  if (rpc_server_ && rpc_server_->wants_pause()) timers_.set(rpc_timer_, now + kPauseWithoutDescriptors);
  if (mdns_ && mdns_genctr_ != engine_.model().genctr) announce();
  arm_timer();
}

void Target::arm_timer() {
  auto next = ended_.empty() ? engine_.deadline() : std::optional(Instant{});
  if (timers_.next() && (!next || *timers_.next() < *next)) next = timers_.next();
  if (next == armed_) return;
  armed_ = next;
  itimerspec when{};
  if (next) {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(next->time_since_epoch()).count();
    when.it_value.tv_sec = std::max<std::int64_t>(ns / 1000000000, 0);
    when.it_value.tv_nsec = std::max<std::int64_t>(ns % 1000000000, 1);
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

TargetConfig Target::save() const {
  TargetConfig config = engine_.save();
  config.memory = budget_.config();
  config.mdns = mdns_config_;
  return config;
}

std::string Target::rpc(std::string_view request) {
  auto response = handle_rpc(*this, request);
  settle();
  return response;
}

Result<void> Target::serve(const std::string& path) {
  auto server = RpcServer::make(poller_, path, [this](std::string_view text) { return answer_rpc(*this, text); });
  if (!server) return problem(server.error().text);
  rpc_server_ = std::move(*server);
  rpc_timer_ = next_id_++;
  return {};
}

}  // namespace stas::target
