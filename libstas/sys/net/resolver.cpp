// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/resolver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <netdb.h>

#include "libstas/core/base/host_name.h"
#include "libstas/core/base/shown.h"
#include "libstas/sys/net/socket_address.h"

namespace stas {

namespace {

ErrorKind kind_of(int code) {
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
      return ErrorKind::not_found;
    case EAI_AGAIN:
      return ErrorKind::unreachable;  // no name server answered
    default:
      return ErrorKind::io;
  }
}

Resolver::Addresses system_lookup(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(name.c_str(), nullptr, &hints, &list);
  const int error = code == EAI_SYSTEM ? errno : 0;
  if (code != 0) {
    const char* why = code == EAI_SYSTEM ? std::strerror(error) : gai_strerror(code);
    return fail(kind_of(code), "host name " + shown(name) + ": " + why, error);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* info = list; info != nullptr && addresses.size() < kMaxResolvedAddresses; info = info->ai_next) {
    const auto address = to_ip_address(info->ai_addr);
    if (!address || address->is_unspecified()) continue;
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty()) return fail(ErrorKind::not_found, "host name " + shown(name) + ": no usable address");
  return addresses;
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<Resolver::State> {
  struct Waiter {
    Callback callback;
    TimerSource timer;
  };
  struct Running {
    std::size_t lane = 0;
    std::vector<std::uint64_t> waiters;
  };

  State(Loop& l, Worker& w, Lookup function, Duration limit)
      : loop(l), worker(w), lookup(std::move(function)), deadline(limit) {}

  Loop& loop;
  Worker& worker;
  const Lookup lookup;
  const Duration deadline;
  bool closed = false;
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, Waiter> waiters;
  std::map<std::string, Running> running;         // by name; also those nobody waits for any more
  std::array<std::size_t, kLookupLanes> lanes{};  // lookups per lane

  void answer_later(Callback callback, Addresses addresses) {
    loop.post([weak = weak_from_this(), callback = std::move(callback), addresses = std::move(addresses)] {
      const auto self = weak.lock();
      if (self && !self->closed) callback(addresses);
    });
  }

  // Starts a lookup unless one for this name runs.
  Result<void> look_up(const std::string& name) {
    if (running.contains(name)) return {};
    if (running.size() >= kMaxLookups) return fail(ErrorKind::busy, "host name " + shown(name) + ": too many lookups");
    const auto lane = static_cast<std::size_t>(std::min_element(lanes.begin(), lanes.end()) - lanes.begin());
    const bool taken = worker.submit("resolver lane " + std::to_string(lane), [self = shared_from_this(), name] {
      return [self, name, addresses = self->lookup(name)] { self->finish(name, addresses); };
    });
    if (!taken) return fail(ErrorKind::busy, "host name " + shown(name) + ": no thread for the lookup");
    running.emplace(name, Running{lane, {}});
    ++lanes[lane];
    return {};
  }

  void wait_for(const std::string& name, Callback callback) {
    const std::uint64_t id = next_id++;
    auto timer = loop.timer([this, id, name] { expire(id, name); });
    timer.arm_after(deadline);
    waiters.emplace(id, Waiter{std::move(callback), std::move(timer)});
    running.at(name).waiters.push_back(id);
  }

  void expire(std::uint64_t id, std::string name) {
    const auto keep = shared_from_this();
    auto node = waiters.extract(id);
    if (node.empty()) return;
    if (const auto found = running.find(name); found != running.end()) std::erase(found->second.waiters, id);
    const auto seconds = std::chrono::duration<double>(deadline).count();
    std::string limit = std::to_string(seconds);
    limit.resize(limit.find('.') + 2);
    node.mapped().callback(
        fail(ErrorKind::timed_out, "host name " + shown(name) + ": no answer within " + limit + " s", ETIMEDOUT));
  }

  void finish(const std::string& name, const Addresses& addresses) {
    auto node = running.extract(name);
    if (node.empty()) return;
    --lanes[node.mapped().lane];
    for (const auto id : node.mapped().waiters) {
      auto waiter = waiters.extract(id);
      if (!waiter.empty() && !closed) waiter.mapped().callback(addresses);
    }
  }
};

Resolver::Resolver(Loop& loop, Worker& worker) : Resolver(loop, worker, system_lookup, kDeadline) {}

Resolver::Resolver(Loop& loop, Worker& worker, Lookup lookup, Duration deadline)
    : state_(std::make_shared<State>(loop, worker, std::move(lookup), deadline)) {}

Resolver::~Resolver() {
  state_->closed = true;
  state_->waiters.clear();  // timers belong to the loop's life
}

void Resolver::resolve(const std::string& name, Callback callback) {
  if (const auto address = IpAddress::parse(name)) {
    state_->answer_later(std::move(callback), std::vector<IpAddress>{*address});
    return;
  }
  if (!is_host_name(name)) {
    state_->answer_later(std::move(callback), fail(ErrorKind::invalid_input, "host name " + shown(name) + ": invalid"));
    return;
  }
  if (state_->waiters.size() >= kMaxWaiters) {
    state_->answer_later(std::move(callback),
                         fail(ErrorKind::busy, "host name " + shown(name) + ": too many questions"));
    return;
  }
  if (const auto started = state_->look_up(name); !started) {
    state_->answer_later(std::move(callback), tl::unexpected(started.error()));
    return;
  }
  state_->wait_for(name, std::move(callback));
}

}  // namespace stas
