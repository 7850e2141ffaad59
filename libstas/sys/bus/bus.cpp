// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include <sys/socket.h>

#include "libstas/sys/bus/bus_native.h"
#include "libstas/sys/bus/bus_pump.h"
#include "libstas/sys/bus/bus_shim.h"

namespace stas {

namespace {

constexpr const char* kDriver = "org.freedesktop.DBus";
constexpr const char* kDriverPath = "/org/freedesktop/DBus";
constexpr const char* kCannotConnect = "Cannot connect to the system bus";
constexpr Duration kOwnerTimeout = std::chrono::seconds(25);

// The names we watch are constants or our own; a quote in one would still change the meaning of a match rule.
bool is_plain(const std::string& text) { return text.find('\'') == std::string::npos; }

}  // namespace

// What is waiting for the bus.
struct Bus::Impl : std::enable_shared_from_this<Bus::Impl> {
  // A call, request of a name, watch or subscription. Only one of the callbacks is set.
  struct Entry {
    std::function<void(Result<BusValue>)> on_reply;
    std::function<void(const std::string&)> on_owner;
    std::function<void(const std::vector<std::string>&)> on_signal;
    bus_native::Slot match;            // or the request of a name
    BusHandle helper;                  // watch: the first query; subscription: the watch of the service
    std::optional<std::string> owner;  // as last known
  };

  Impl(Loop& l, std::shared_ptr<sdbus::IConnection> to) : loop(l), connection(std::move(to)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // sdbus-c++ closes a connection only after all of its messages were sent, for which a bus daemon that does not read
  // would let us wait for ever. Nothing is to be sent into this one.
  ~Impl() {
    try {
      shutdown(bus_shim::poll_state(*connection).fd, SHUT_RDWR);
    } catch (const sdbus::Error&) {
      // It is dead already.
    }
  }

  std::uint64_t add(Entry entry) {
    entries.emplace(++last_id, std::make_shared<Entry>(std::move(entry)));
    return last_id;
  }

  // The entry may be the one that is just being called: what it owns is released before the next poll.
  void drop(std::uint64_t id) {
    const auto it = entries.find(id);
    if (it == entries.end()) return;
    dropped.push_back(std::move(it->second));
    entries.erase(it);
  }

  // Keeps the entry alive while one of its callbacks runs.
  std::shared_ptr<Entry> find(std::uint64_t id) const {
    const auto it = entries.find(id);
    return it == entries.end() ? nullptr : it->second;
  }

  BusHandle handle(std::uint64_t id);
  sdbus::IProxy& proxy(const BusTarget& target);
  void replied(std::uint64_t id, Result<BusValue> result);
  void reply_later(std::uint64_t id, const Error& error);
  void owner_is(std::uint64_t id, const std::string& owner);
  void owner_changed(std::uint64_t id, sd_bus_message& message);
  void signalled(std::uint64_t id, sd_bus_message& message);
  void match(Entry& entry, const std::string& rule, std::function<void(sd_bus_message&)> handler);
  void send(std::uint64_t id, const BusTarget& target, const std::string& method, const BusArgs& args, BusType reply,
            Duration timeout);
  void lost(const Error& error);
  bool idle();
  void work();
  bus_shim::Desk& desk_for(sdbus::IObject& object);

  Loop& loop;
  std::shared_ptr<sdbus::IConnection> connection;
  std::map<std::string, std::unique_ptr<sdbus::IObject>> objects;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<sdbus::IProxy>> proxies;
  std::uint64_t last_id = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<Entry>> entries;
  std::vector<std::shared_ptr<Entry>> dropped;
  std::optional<Error> dead;
  std::function<void(const Error&)> on_lost;
  std::unique_ptr<bus_shim::Desk> desk;  // of a service
  std::unique_ptr<bus_shim::Pump> pump;  // last member: first to go
};

struct BusHandle::Token {
  std::weak_ptr<Bus::Impl> bus;
  std::uint64_t id = 0;
  Token(std::weak_ptr<Bus::Impl> owner, std::uint64_t number) : bus(std::move(owner)), id(number) {}
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() {
    if (const auto impl = bus.lock()) impl->drop(id);
  }
};

BusHandle::BusHandle() = default;
BusHandle::BusHandle(std::unique_ptr<Token> token) : token_(std::move(token)) {}
BusHandle::BusHandle(BusHandle&&) noexcept = default;
BusHandle& BusHandle::operator=(BusHandle&&) noexcept = default;
BusHandle::~BusHandle() = default;

BusHandle Bus::Impl::handle(std::uint64_t id) {
  return BusHandle(std::make_unique<BusHandle::Token>(weak_from_this(), id));
}

sdbus::IProxy& Bus::Impl::proxy(const BusTarget& target) {
  auto& slot = proxies[{target.service, target.path}];
  if (!slot) {
    slot = sdbus::createProxy(*connection, bus_shim::ServiceName(target.service), bus_shim::ObjectPath(target.path));
  }
  return *slot;
}

void Bus::Impl::replied(std::uint64_t id, Result<BusValue> result) {
  const auto entry = find(id);
  if (!entry) return;
  drop(id);
  entry->on_reply(std::move(result));
}

// Never from inside the call that fails: the caller does not have its handle yet.
void Bus::Impl::reply_later(std::uint64_t id, const Error& error) {
  loop.post([weak = weak_from_this(), id, error] {
    if (const auto impl = weak.lock()) impl->replied(id, tl::unexpected(error));
  });
}

void Bus::Impl::owner_is(std::uint64_t id, const std::string& owner) {
  const auto entry = find(id);
  if (!entry || entry->owner == owner) return;
  entry->owner = owner;
  entry->on_owner(owner);
}

// NameOwnerChanged(name, old, new); anybody may forge one and send it to us directly, so the sender counts.
void Bus::Impl::owner_changed(std::uint64_t id, sd_bus_message& message) {
  if (bus_native::sender_of(message) != kDriver) return;
  const auto args = bus_native::read_texts(message);
  if (args && args->size() == 3) owner_is(id, (*args)[2]);
}

void Bus::Impl::signalled(std::uint64_t id, sd_bus_message& message) {
  const auto entry = find(id);
  if (!entry) return;
  if (entry->owner && *entry->owner != bus_native::sender_of(message)) return;
  if (const auto args = bus_native::read_texts(message)) entry->on_signal(*args);
}

// Without the match only when the bus is dying: on_lost() will say so.
void Bus::Impl::match(Entry& entry, const std::string& rule, std::function<void(sd_bus_message&)> handler) {
  if (dead) return;
  try {
    auto slot = bus_native::add_match(proxy({kDriver, kDriverPath, kDriver}), rule, std::move(handler));
    if (slot) entry.match = *std::move(slot);
  } catch (const sdbus::Error&) {
    // A message could not be made.
  }
}

void Bus::Impl::send(std::uint64_t id, const BusTarget& target, const std::string& method, const BusArgs& args,
                     BusType reply, Duration timeout) {
  const auto what = target.service + ": " + method;
  auto& to = proxy(target);
  auto call = to.createMethodCall(bus_shim::InterfaceName(target.interface), bus_shim::MethodName(method));
  for (const auto& arg : args) bus_shim::write_value(call, arg);
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(1, timeout.count()));
  bus_shim::send_async(to, call, us,
                       [weak = weak_from_this(), id, what, reply](sdbus::Message& message, const sdbus::Error* error) {
                         const auto impl = weak.lock();
                         if (!impl) return;
                         if (error != nullptr)
                           return impl->replied(id, tl::unexpected(bus_shim::to_error(*error, what)));
                         Result<BusValue> value;
                         try {
                           value = bus_shim::read_value(message, reply, kMaxBusReplyText);
                         } catch (const sdbus::Error& e) {
                           value = fail(ErrorKind::protocol, what + ": bad reply: " + e.getMessage());
                         }
                         impl->replied(id, std::move(value));
                       });
}

void Bus::Impl::lost(const Error& error) {
  const auto keep = shared_from_this();
  dead = error;
  std::vector<std::uint64_t> calls;
  for (const auto& [id, entry] : entries) {
    if (entry->on_reply) calls.push_back(id);
  }
  for (const auto id : calls) replied(id, tl::unexpected(error));
  if (on_lost) on_lost(error);
}

bool Bus::Impl::idle() {
  dropped.clear();
  return desk && desk->is_due();
}

void Bus::Impl::work() {
  if (desk) desk->serve_next();
}

// Any message of the connection leads to it.
bus_shim::Desk& Bus::Impl::desk_for(sdbus::IObject& object) {
  if (!desk) {
    const auto message =
        object.createSignal(bus_shim::InterfaceName("org.freedesktop.DBus.Peer"), bus_shim::SignalName("any"));
    desk = std::make_unique<bus_shim::Desk>(loop, sd_bus_message_get_bus(bus_shim::Native::of(message)));
  }
  return *desk;
}

Bus::Bus(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::~Bus() = default;

Result<std::unique_ptr<Bus>> Bus::on(Loop& loop, std::shared_ptr<sdbus::IConnection> connection) {
  try {
    auto impl = std::make_shared<Impl>(loop, std::move(connection));
    auto& self = *impl;
    impl->pump =
        std::make_unique<bus_shim::Pump>(loop, *impl->connection,
                                         bus_shim::PumpHooks{[&self] { return self.idle(); }, [&self] { self.work(); },
                                                             [&self](const Error& e) { self.lost(e); }});
    return std::unique_ptr<Bus>(new Bus(std::move(impl)));
  } catch (const sdbus::Error& e) {
    return tl::unexpected(bus_shim::to_error(e, kCannotConnect));
  }
}

void Bus::connect(Loop& loop, Worker& worker, std::function<void(Result<std::unique_ptr<Bus>>)> callback) {
  // The thread has nothing but its connection: it may be left behind.
  const bool taken = worker.submit(kCannotConnect, [&loop, callback]() -> Worker::Completion {
    try {
      std::shared_ptr<sdbus::IConnection> connection = sdbus::createSystemBusConnection();
      return [&loop, callback, connection] { callback(on(loop, connection)); };
    } catch (const sdbus::Error& e) {
      return [callback, error = bus_shim::to_error(e, kCannotConnect)] { callback(tl::unexpected(error)); };
    }
  });
  if (!taken) loop.post([callback] { callback(fail(ErrorKind::io, std::string(kCannotConnect) + ": no thread")); });
}

void Bus::on_lost(std::function<void(const Error&)> callback) { impl_->on_lost = std::move(callback); }

BusHandle Bus::request_name(const std::string& name, std::function<void(Result<void>)> callback) {
  Impl::Entry fresh;
  fresh.on_reply = [callback = std::move(callback)](const Result<BusValue>& reply) {
    callback(reply ? Result<void>() : tl::unexpected(reply.error()));
  };
  const auto id = impl_->add(std::move(fresh));
  const std::weak_ptr<Impl> weak = impl_;
  std::optional<Error> error = impl_->dead;
  try {
    if (!error) {
      auto asked = bus_native::request_name(
          impl_->proxy({kDriver, kDriverPath, kDriver}), name, [weak, id](const Result<void>& outcome) {
            const auto impl = weak.lock();
            if (impl) impl->replied(id, outcome ? Result<BusValue>() : tl::unexpected(outcome.error()));
          });
      if (asked)
        impl_->find(id)->match = *std::move(asked);
      else
        error = asked.error();
    }
  } catch (const sdbus::Error& e) {
    error = bus_shim::to_error(e, "cannot own " + name + " on the system bus");
  }
  if (error) impl_->reply_later(id, *error);
  return impl_->handle(id);
}

Result<void> Bus::export_object(const std::string& path, std::vector<BusInterface> interfaces) {
  try {
    auto object = sdbus::createObject(*impl_->connection, bus_shim::ObjectPath(path));
    for (const auto& interface : interfaces) bus_shim::publish(*object, interface, impl_->desk_for(*object));
    bus_shim::finish(*object);
    impl_->objects[path] = std::move(object);
    return {};
  } catch (const sdbus::Error& e) {
    return tl::unexpected(bus_shim::to_error(e, "cannot publish " + path));
  }
}

Result<void> Bus::emit(const std::string& path, const std::string& interface, const std::string& signal,
                       const std::vector<std::string>& args) {
  const auto object = impl_->objects.find(path);
  if (object == impl_->objects.end()) return fail(ErrorKind::not_found, path + ": no such object");
  try {
    auto message = object->second->createSignal(bus_shim::InterfaceName(interface), bus_shim::SignalName(signal));
    for (const auto& arg : args) message << bus_shim::bus_text(arg);
    object->second->emitSignal(message);
    return {};
  } catch (const sdbus::Error& e) {
    return tl::unexpected(bus_shim::to_error(e, interface + ": cannot emit " + signal));
  }
}

void Bus::properties_changed(const std::string& path, const std::string& interface) {
  const auto object = impl_->objects.find(path);
  if (object == impl_->objects.end()) return;
  try {
    object->second->emitPropertiesChangedSignal(bus_shim::InterfaceName(interface));
  } catch (const sdbus::Error&) {
    // Nobody is told, which only happens when the bus is dying: on_lost() will say so.
  }
}

BusHandle Bus::call_async(const BusTarget& target, const std::string& method, const BusArgs& args, BusType reply,
                          Duration timeout, std::function<void(Result<BusValue>)> callback) {
  Impl::Entry entry;
  entry.on_reply = std::move(callback);
  const auto id = impl_->add(std::move(entry));
  Error error;
  try {
    if (!impl_->dead) {
      impl_->send(id, target, method, args, reply, timeout);
      return impl_->handle(id);
    }
    error = *impl_->dead;
  } catch (const sdbus::Error& e) {
    error = bus_shim::to_error(e, target.service + ": " + method);
  }
  impl_->reply_later(id, error);
  return impl_->handle(id);
}

BusHandle Bus::watch_name(const std::string& name, std::function<void(const std::string&)> callback) {
  Impl::Entry fresh;
  fresh.on_owner = std::move(callback);
  const auto id = impl_->add(std::move(fresh));
  const auto entry = impl_->find(id);
  const std::weak_ptr<Impl> weak = impl_;
  if (is_plain(name)) {
    const auto rule = std::string("type='signal',sender='") + kDriver + "',path='" + kDriverPath + "',interface='" +
                      kDriver + "',member='NameOwnerChanged',arg0='" + name + "'";
    impl_->match(*entry, rule, [weak, id](sd_bus_message& message) {
      if (const auto impl = weak.lock()) impl->owner_changed(id, message);
    });
  }
  entry->helper = call_async({kDriver, kDriverPath, kDriver}, "GetNameOwner", {name}, BusType::text, kOwnerTimeout,
                             [weak, id](Result<BusValue> reply) {
                               const auto impl = weak.lock();
                               const auto watch = impl ? impl->find(id) : nullptr;
                               // A change that was seen meanwhile is newer than this answer, or the same.
                               if (!watch || watch->owner) return;
                               impl->owner_is(id, reply ? std::get<std::string>(*reply) : std::string());
                             });
  return impl_->handle(id);
}

BusHandle Bus::subscribe(const BusTarget& target, const std::string& signal,
                         std::function<void(const std::vector<std::string>&)> callback) {
  Impl::Entry fresh;
  fresh.on_signal = std::move(callback);
  const auto id = impl_->add(std::move(fresh));
  const auto entry = impl_->find(id);
  const std::weak_ptr<Impl> weak = impl_;
  // The bus daemon filters by the name at the time of sending, but not what is addressed to us; so does the watch.
  entry->helper = watch_name(target.service, [weak, id](const std::string& owner) {
    const auto impl = weak.lock();
    const auto subscription = impl ? impl->find(id) : nullptr;
    if (subscription) subscription->owner = owner;
  });
  if (is_plain(target.service + target.path + target.interface + signal)) {
    const auto rule = "type='signal',sender='" + target.service + "',path='" + target.path + "',interface='" +
                      target.interface + "',member='" + signal + "'";
    impl_->match(*entry, rule, [weak, id](sd_bus_message& message) {
      if (const auto impl = weak.lock()) impl->signalled(id, message);
    });
  }
  return impl_->handle(id);
}

}  // namespace stas
