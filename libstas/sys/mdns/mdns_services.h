// SPDX-License-Identifier: Apache-2.0
//
// The services one Avahi client has seen, each with its resolver. Part of mdns_browser, which owns the client and
// tells what was found; same thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <avahi-client/lookup.h>

#include "libstas/core/base/backoff.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"
#include "libstas/sys/os/loop.h"

namespace stas {

// The rest is not looked at. No interface takes more than its share from those that want theirs.
inline constexpr std::size_t kMaxMdnsServices = 4096;
// avahi-daemon gives each client 1024 objects. Beyond ours, one that has failed makes room, or else the one that
// answered longest ago. Who has not answered is asked again after a growing pause: anybody on the link can announce
// thousands that never resolve.
inline constexpr std::size_t kMaxMdnsResolvers = 960;

class MdnsServices {
 public:
  struct Hooks {
    std::function<void()> changed;
    std::function<void(std::string)> complain;  // about a service, for the journal
    std::function<void(std::string)> debug;
  };

  MdnsServices(Loop& loop, BackoffPolicy unresolved, Hooks hooks, std::size_t most = kMaxMdnsServices);
  MdnsServices(const MdnsServices&) = delete;
  MdnsServices& operator=(const MdnsServices&) = delete;

  struct Key {
    AvahiIfIndex interface = AVAHI_IF_UNSPEC;
    AvahiProtocol protocol = AVAHI_PROTO_UNSPEC;
    std::string name;
    std::string type;
    std::string domain;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  void add(AvahiClient* client, Key key);
  void remove(const Key& key);
  // The client was freed, and the resolvers with it.
  void forget();

  std::vector<MdnsService> values() const;

 private:
  struct Service {
    explicit Service(BackoffPolicy unresolved, std::uint64_t seed) : backoff(unresolved, seed) {}
    MdnsServices* owner = nullptr;
    const Key* key = nullptr;
    MdnsService value;
    AvahiServiceResolver* resolver = nullptr;
    bool any_protocol = false;  // nothing came in the protocol of the announcement
    std::vector<std::string> problems;
    Backoff backoff;
    Instant rests_until{};                // after a failure, when it has no resolver
    std::list<Service*>* list = nullptr;  // waiting_, answered_ or failed_, or none
    std::list<Service*>::iterator position;
  };

  static void on_resolver(AvahiServiceResolver*, AvahiIfIndex, AvahiProtocol, AvahiResolverEvent event, const char*,
                          const char*, const char*, const char*, const AvahiAddress* address, std::uint16_t port,
                          AvahiStringList* txt, AvahiLookupResultFlags, void* userdata);
  void found(Service& service, const AvahiAddress& address, std::uint16_t port, AvahiStringList* txt);
  void failed(Service& service);
  void rest(Service& service);
  void on_rested();
  void put(Service& service, std::list<Service*>* list);
  void close(Service& service);
  bool open(Service& service);
  bool make_room();
  bool make_place(AvahiIfIndex interface);
  void pump();

  Loop& loop_;
  const BackoffPolicy unresolved_;
  Hooks hooks_;
  const std::size_t most_;
  AvahiClient* client_ = nullptr;
  std::map<Key, Service> services_;
  std::map<AvahiIfIndex, std::size_t> by_interface_;  // how many of them
  std::list<Service*> waiting_;                       // for a resolver
  std::list<Service*> answered_;                      // with an open resolver, longest ago first
  std::list<Service*> failed_;                        // the same; a late answer counts
  std::set<std::pair<Instant, Service*>> resting_;
  std::size_t resolvers_ = 0;
  bool overflow_ = false;
  TimerSource again_;   // no resolver was to be had
  TimerSource rested_;  // the first of resting_
};

}  // namespace stas
