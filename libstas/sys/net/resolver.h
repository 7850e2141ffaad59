// SPDX-License-Identifier: Apache-2.0
//
// Host names to addresses: getaddrinfo() on a worker, with a deadline of our own, because the C library has none that
// could be relied on. A name server that is silent takes at most kLookupLanes threads of the pool.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/core/identity/address.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"

namespace stas {

inline constexpr std::size_t kMaxResolvedAddresses = 64;  // of one name; the rest is ignored
inline constexpr std::size_t kMaxLookups = 256;           // names being looked up
inline constexpr std::size_t kMaxWaiters = 1024;          // callbacks outstanding
inline constexpr std::size_t kLookupLanes = 4;

class Resolver {
 public:
  using Addresses = Result<std::vector<IpAddress>>;
  using Callback = std::function<void(Addresses)>;
  // Blocks; runs on a worker. Not empty on success.
  using Lookup = std::function<Addresses(const std::string& name)>;

  static constexpr Duration kDeadline = std::chrono::seconds(5);

  // Both must outlive the resolver.
  Resolver(Loop& loop, Worker& worker);
  Resolver(Loop& loop, Worker& worker, Lookup lookup, Duration deadline);
  ~Resolver();  // no callback runs afterwards
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Exactly one call of `callback`, from the loop, never from inside resolve(): the addresses in the resolver's order
  // without repetition, or why not. A numeric address is its own answer. After the deadline: timed_out, and what the
  // lookup says later is dropped (or serves the next question for the same name).
  void resolve(const std::string& name, Callback callback);

 private:
  struct State;
  std::shared_ptr<State> state_;  // completions of the worker may come after the resolver's end
};

}  // namespace stas
