// SPDX-License-Identifier: Apache-2.0
//
// Avahi's client library behind the publisher. All of Inner is guarded by the lock of the polling thread.
#include "tests/target/mdns/publisher.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>

#include <utility>

namespace stas::target {
namespace {

constexpr char kType[] = "_nvme-disc._tcp";

class Locked {
 public:
  explicit Locked(AvahiThreadedPoll* poll) : poll_(poll) { avahi_threaded_poll_lock(poll_); }
  ~Locked() { avahi_threaded_poll_unlock(poll_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  AvahiThreadedPoll* poll_;
};

}  // namespace

struct MdnsPublisher::Inner {
  AvahiThreadedPoll* poll = nullptr;
  AvahiClient* client = nullptr;
  AvahiEntryGroup* group = nullptr;
  std::vector<MdnsService> services;
  std::string state = "waiting";

  Inner() = default;
  Inner(const Inner&) = delete;
  Inner& operator=(const Inner&) = delete;
  ~Inner() {
    if (poll != nullptr) avahi_threaded_poll_stop(poll);
    if (client != nullptr) avahi_client_free(client);  // frees the group as well
    if (poll != nullptr) avahi_threaded_poll_free(poll);
  }

  bool open() {
    int error = 0;
    client = avahi_client_new(avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL, on_client, this, &error);
    if (client == nullptr) state = std::string("failed: ") + avahi_strerror(error);
    return client != nullptr;
  }

  /// Puts the services into the group and commits it; does nothing while the daemon is away.
  void publish() {
    if (client == nullptr || avahi_client_get_state(client) != AVAHI_CLIENT_S_RUNNING) return;
    if (group == nullptr) group = avahi_entry_group_new(client, on_group, this);
    if (group == nullptr) return fail();
    avahi_entry_group_reset(group);
    if (services.empty()) {
      state = "established";
      return;
    }
    for (MdnsService& service : services) {
      int wrong = add(service);
      for (int tries = 0; wrong == AVAHI_ERR_COLLISION && tries < 16; ++tries) {
        rename(service);
        wrong = add(service);
      }
      if (wrong != 0) return fail();
    }
    state = "registering";
    if (avahi_entry_group_commit(group) != 0) fail();
  }

  int add(const MdnsService& service) {
    const AvahiProtocol family = service.adrfam == 2 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET;
    const std::string nqn = "nqn=" + service.nqn;
    const std::string host = service.host.empty() ? std::string() : service.host + ".local";
    if (!host.empty()) {
      // The name is ours; who else has the address is not our business, so there is no reverse record.
      AvahiAddress address{};
      if (avahi_address_parse(service.address.c_str(), family, &address) == nullptr) return AVAHI_ERR_INVALID_ADDRESS;
      const int refused = avahi_entry_group_add_address(group, AVAHI_IF_UNSPEC, family, AVAHI_PUBLISH_NO_REVERSE,
                                                        host.c_str(), &address);
      if (refused != 0) return refused;
    }
    const int wrong = avahi_entry_group_add_service(
        group, AVAHI_IF_UNSPEC, family, AvahiPublishFlags{}, service.name.c_str(), kType, nullptr,
        host.empty() ? nullptr : host.c_str(), service.port, "p=tcp", nqn.c_str(), nullptr);
    if (wrong != 0 || service.subtype.empty()) return wrong;
    const std::string subtype = service.subtype + "._sub." + kType;
    return avahi_entry_group_add_service_subtype(group, AVAHI_IF_UNSPEC, family, AvahiPublishFlags{},
                                                 service.name.c_str(), kType, nullptr, subtype.c_str());
  }

  static void rename(MdnsService& service) {
    char* other = avahi_alternative_service_name(service.name.c_str());
    service.name = other;
    avahi_free(other);
  }

  void fail() { state = std::string("failed: ") + avahi_strerror(avahi_client_errno(client)); }

  static void on_group(AvahiEntryGroup* group, AvahiEntryGroupState now, void* self) {
    auto& inner = *static_cast<Inner*>(self);
    inner.group = group;
    if (now == AVAHI_ENTRY_GROUP_ESTABLISHED) inner.state = "established";
    if (now == AVAHI_ENTRY_GROUP_FAILURE) inner.fail();
    if (now != AVAHI_ENTRY_GROUP_COLLISION) return;
    for (MdnsService& service : inner.services) rename(service);
    inner.publish();
  }

  static void on_client(AvahiClient* client, AvahiClientState now, void* self) {
    auto& inner = *static_cast<Inner*>(self);
    inner.client = client;
    switch (now) {
      case AVAHI_CLIENT_S_RUNNING:
        return inner.publish();
      case AVAHI_CLIENT_FAILURE:
        inner.fail();
        if (avahi_client_errno(client) != AVAHI_ERR_DISCONNECTED) return;
        // The daemon has gone: a new client waits for the next one.
        inner.client = nullptr;
        inner.group = nullptr;
        avahi_client_free(client);
        inner.state = "waiting";
        inner.open();
        return;
      case AVAHI_CLIENT_S_COLLISION:
      case AVAHI_CLIENT_S_REGISTERING:
        if (inner.group != nullptr) avahi_entry_group_reset(inner.group);
        return;
      case AVAHI_CLIENT_CONNECTING:
        inner.state = "waiting";
        return;
    }
  }
};

MdnsPublisher::MdnsPublisher(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}

MdnsPublisher::~MdnsPublisher() = default;

Result<std::unique_ptr<MdnsPublisher>> MdnsPublisher::make() {
  auto inner = std::make_unique<Inner>();
  inner->poll = avahi_threaded_poll_new();
  if (inner->poll == nullptr || !inner->open()) return problem("mDNS: no avahi-daemon: " + inner->state);
  avahi_threaded_poll_start(inner->poll);
  return std::unique_ptr<MdnsPublisher>(new MdnsPublisher(std::move(inner)));
}

void MdnsPublisher::announce(std::vector<MdnsService> services) {
  const Locked lock(inner_->poll);
  if (inner_->services == services) return;
  inner_->services = std::move(services);
  inner_->publish();
}

std::string MdnsPublisher::state() const {
  const Locked lock(inner_->poll);
  return inner_->state;
}

}  // namespace stas::target
