// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/mdns/mdns_services.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <avahi-client/client.h>
#include <avahi-common/error.h>
#include <avahi-common/strlst.h>
#include <net/if.h>

#include "libstas/core/base/shown.h"
#include "libstas/core/discovery/mdns_txt.h"

namespace stas {

namespace {

constexpr std::size_t kMaxName = 1024;  // an instance name has 63 bytes, escaped at most four times as many
constexpr Duration kResolverRetry = std::chrono::seconds(5);

std::string interface_name(AvahiIfIndex index) {
  std::array<char, IF_NAMESIZE> name{};
  if (index <= 0 || if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr) return {};
  return name.data();
}

// Link-local IPv6 without scope: the interface travels beside it.
std::optional<IpAddress> to_ip(const AvahiAddress& address) {
  if (address.proto == AVAHI_PROTO_INET) {
    return IpAddress::from_bytes({reinterpret_cast<const char*>(&address.data.ipv4), sizeof address.data.ipv4});
  }
  if (address.proto == AVAHI_PROTO_INET6) {
    return IpAddress::from_bytes({reinterpret_cast<const char*>(&address.data.ipv6), sizeof address.data.ipv6});
  }
  return std::nullopt;
}

std::vector<std::string> to_strings(AvahiStringList* txt) {
  std::vector<std::string> strings;
  for (; txt != nullptr && strings.size() < kMaxTxtStrings; txt = avahi_string_list_get_next(txt)) {
    strings.emplace_back(reinterpret_cast<const char*>(avahi_string_list_get_text(txt)),
                         avahi_string_list_get_size(txt));
  }
  return strings;
}

std::string described(const MdnsService& service) {
  return "(" + service.interface + ", " + (service.ipv6 ? "IPv6" : "IPv4") + ", " +
         shown(service.name + "." + service.domain) + ", " + shown(service.stype) + ")";
}

}  // namespace

MdnsServices::MdnsServices(Loop& loop, BackoffPolicy unresolved, Hooks hooks, std::size_t most)
    : loop_(loop),
      unresolved_(unresolved),
      hooks_(std::move(hooks)),
      most_(most),
      again_(loop_.timer([this] { pump(); })),
      rested_(loop_.timer([this] { on_rested(); })) {}

void MdnsServices::add(AvahiClient* client, Key key) {
  if (key.name.size() > kMaxName || key.type.size() > kMaxName || key.domain.size() > kMaxName) return;
  if (services_.contains(key)) return;
  if (services_.size() >= most_) {
    if (!std::exchange(overflow_, true))
      hooks_.complain("More than " + std::to_string(most_) + " mDNS services, the rest is ignored");
    if (!make_place(key.interface)) return;
  }
  ++by_interface_[key.interface];
  client_ = client;
  const auto node = services_.try_emplace(std::move(key), unresolved_, services_.size()).first;
  Service& service = node->second;
  service.owner = this;
  service.key = &node->first;
  service.value.interface = interface_name(node->first.interface);
  service.value.ipv6 = node->first.protocol == AVAHI_PROTO_INET6;
  service.value.name = node->first.name;
  service.value.stype = node->first.type;
  service.value.domain = node->first.domain;
  put(service, &waiting_);
  pump();
  hooks_.changed();
}

// The interface with the most services gives one up, if possible one that never resolved.
bool MdnsServices::make_place(AvahiIfIndex interface) {
  const auto own = by_interface_.find(interface);
  const auto most = std::max_element(by_interface_.begin(), by_interface_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == by_interface_.end() || most->second <= (own == by_interface_.end() ? 0 : own->second) + 1) return false;
  auto victim = services_.end();
  for (auto it = services_.begin(); it != services_.end(); ++it) {
    if (it->first.interface != most->first) continue;
    victim = it;
    if (!it->second.value.resolved) break;
  }
  remove(Key(victim->first));
  return true;
}

void MdnsServices::remove(const Key& key) {
  const auto found = services_.find(key);
  if (found == services_.end()) return;
  if (--by_interface_[key.interface] == 0) by_interface_.erase(key.interface);
  close(found->second);
  put(found->second, nullptr);
  resting_.erase({found->second.rests_until, &found->second});
  services_.erase(found);
  pump();
  hooks_.changed();
}

void MdnsServices::forget() {
  client_ = nullptr;
  waiting_.clear();
  answered_.clear();
  failed_.clear();
  resting_.clear();
  services_.clear();
  by_interface_.clear();
  resolvers_ = 0;
  overflow_ = false;
  again_.disarm();
  rested_.disarm();
  hooks_.changed();
}

std::vector<MdnsService> MdnsServices::values() const {
  std::vector<MdnsService> out;
  out.reserve(services_.size());
  for (const auto& [key, service] : services_) out.push_back(service.value);
  return out;
}

void MdnsServices::on_resolver(AvahiServiceResolver* /*resolver*/, AvahiIfIndex /*interface*/,
                               AvahiProtocol /*protocol*/, AvahiResolverEvent event, const char* /*name*/,
                               const char* /*type*/, const char* /*domain*/, const char* /*host*/,
                               const AvahiAddress* address, std::uint16_t port, AvahiStringList* txt,
                               AvahiLookupResultFlags /*flags*/, void* userdata) {
  Service& service = *static_cast<Service*>(userdata);
  MdnsServices& self = *service.owner;
  if (event == AVAHI_RESOLVER_FOUND && address != nullptr) {
    self.found(service, *address, port, txt);
  } else {
    self.failed(service);
  }
  self.pump();
}

void MdnsServices::found(Service& service, const AvahiAddress& address, std::uint16_t port, AvahiStringList* txt) {
  put(service, &answered_);
  const auto ip = to_ip(address);
  if (!ip) return;
  // Asking for the name takes a descriptor. Without it the service would be one of every interface.
  if (service.value.interface.empty()) service.value.interface = interface_name(service.key->interface);
  if (service.value.interface.empty() && service.key->interface > 0) {
    close(service);
    return rest(service);
  }
  service.backoff.reset();
  MdnsTxt facts = parse_mdns_txt(to_strings(txt));
  if (port == 0) {
    // RFC 6763, clauses 4.1.2 and 5: the name is only reserved, nobody listens.
    facts.transport.reset();
    facts.problems.emplace_back("Received port 0 in mDNS SRV record, service ignored");
  }
  MdnsService value = service.value;
  value.resolved = true;
  value.transport = facts.transport;
  value.traddr = ip->to_string();
  value.trsvcid = std::to_string(port);
  value.nqn = std::move(facts.nqn);
  if (facts.problems != service.problems) {
    for (const auto& problem : facts.problems) hooks_.complain(problem + " " + described(value));
    service.problems = std::move(facts.problems);
  }
  if (value == service.value) return;
  service.value = std::move(value);
  hooks_.changed();
}

void MdnsServices::failed(Service& service) {
  const int error = avahi_client_errno(client_);
  if (!service.any_protocol && !service.value.resolved) {
    // An announcement over IPv4 may well be of a host that only has an IPv6 address, and the reverse.
    service.any_protocol = true;
    close(service);
    put(service, &waiting_);
    return;
  }
  hooks_.debug("mDNS service " + described(service.value) + " not resolved: " + avahi_strerror(error));
  put(service, &failed_);  // stays open: what was known stays, and a late answer counts
}

// Without a resolver. What was known stays.
void MdnsServices::rest(Service& service) {
  put(service, nullptr);
  service.rests_until = loop_.now() + service.backoff.fail();
  resting_.emplace(service.rests_until, &service);
  rested_.arm(resting_.begin()->first);
}

void MdnsServices::on_rested() {
  const Instant now = loop_.now();
  while (!resting_.empty() && resting_.begin()->first <= now) {
    put(*resting_.begin()->second, &waiting_);
    resting_.erase(resting_.begin());
  }
  rested_.arm(resting_.empty() ? kNever : resting_.begin()->first);
  pump();
}

// Moves the service to the end of the list; nullptr: to none.
void MdnsServices::put(Service& service, std::list<Service*>* list) {
  if (service.list != nullptr) service.list->erase(service.position);
  service.list = list;
  if (list != nullptr) service.position = list->insert(list->end(), &service);
}

void MdnsServices::close(Service& service) {
  if (service.resolver == nullptr) return;
  avahi_service_resolver_free(std::exchange(service.resolver, nullptr));
  --resolvers_;
}

bool MdnsServices::open(Service& service) {
  const Key& key = *service.key;
  const AvahiProtocol wanted = service.any_protocol ? AVAHI_PROTO_UNSPEC : key.protocol;
  service.resolver =
      avahi_service_resolver_new(client_, key.interface, key.protocol, key.name.c_str(), key.type.c_str(),
                                 key.domain.c_str(), wanted, AVAHI_LOOKUP_USE_MULTICAST, on_resolver, &service);
  if (service.resolver == nullptr) return false;
  ++resolvers_;
  put(service, nullptr);
  return true;
}

bool MdnsServices::make_room() {
  if (resolvers_ < kMaxMdnsResolvers) return true;
  auto& list = failed_.empty() ? answered_ : failed_;
  if (list.empty()) return false;
  Service& oldest = *list.front();
  close(oldest);
  if (oldest.value.resolved)
    put(oldest, nullptr);
  else
    rest(oldest);
  return true;
}

// Gives resolvers to the services that wait for one.
void MdnsServices::pump() {
  while (client_ != nullptr && !waiting_.empty()) {
    if (!make_room()) return;
    if (!open(*waiting_.front())) {
      hooks_.debug(std::string("no mDNS resolver: ") + avahi_strerror(avahi_client_errno(client_)));
      again_.arm_after(kResolverRetry);
      return;
    }
  }
}

}  // namespace stas
