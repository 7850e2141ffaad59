// SPDX-License-Identifier: Apache-2.0
//
// Internal to libstas/sys/bus: sdbus-c++ 1.2 and 2.x behind one interface, using only their untyped (message) layer,
// which is nearly the same in both. Everything here may throw sdbus::Error; the callers translate.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sdbus-c++/sdbus-c++.h>

#include "libstas/sys/bus/bus_desk.h"
#include "libstas/sys/bus/bus_types.h"

#if __has_include(<sdbus-c++/VTableItems.h>)
#define STAS_SDBUS_2 1
#else
#define STAS_SDBUS_2 0
#endif

namespace stas::bus_shim {

#if STAS_SDBUS_2
using ObjectPath = sdbus::ObjectPath;
using InterfaceName = sdbus::InterfaceName;
using ServiceName = sdbus::ServiceName;
using MethodName = sdbus::MethodName;
using SignalName = sdbus::SignalName;
using ErrorName = sdbus::Error::Name;
#else
using ObjectPath = std::string;
using InterfaceName = std::string;
using ServiceName = std::string;
using MethodName = std::string;
using SignalName = std::string;
using ErrorName = std::string;
#endif

// The message of sd-bus inside; it stays sdbus-c++'s. For what sdbus-c++ has no name for (bus_desk.h).
struct Native : sdbus::Message {
  static sd_bus_message* of(const sdbus::Message& message) {
    return static_cast<sd_bus_message*>(message.*(&Native::msg_));
  }
};

// What the loop has to poll for. `deadline_us`: CLOCK_MONOTONIC, 0 = at once, UINT64_MAX = never.
struct PollState {
  int fd = -1;
  std::uint32_t events = 0;
  std::uint64_t deadline_us = UINT64_MAX;
};

inline PollState poll_state(const sdbus::IConnection& connection) {
  const auto data = connection.getEventLoopPollData();
#if STAS_SDBUS_2
  const auto deadline = data.timeout == std::chrono::microseconds::max()
                            ? UINT64_MAX
                            : static_cast<std::uint64_t>(std::max<std::int64_t>(0, data.timeout.count()));
#else
  const auto deadline = data.timeout_usec;
#endif
  return {data.fd, static_cast<std::uint32_t>(data.events), deadline};
}

// False: nothing was left to do.
inline bool process_one(sdbus::IConnection& connection) {
#if STAS_SDBUS_2
  return connection.processPendingEvent();
#else
  return connection.processPendingRequest();
#endif
}

template <class Handler>  // void(sdbus::Message* reply, const sdbus::Error* error)
void send_async(sdbus::IProxy& proxy, const sdbus::MethodCall& call, std::uint64_t timeout_us, Handler handler) {
#if STAS_SDBUS_2
  proxy.callMethodAsync(
      call,
      [handler](sdbus::MethodReply reply, std::optional<sdbus::Error> error) {
        handler(reply, error ? &*error : nullptr);
      },
      timeout_us);
#else
  proxy.callMethod(
      call, [handler](sdbus::MethodReply& reply, const sdbus::Error* error) { handler(reply, error); }, timeout_us);
#endif
}

inline sdbus::Error make_error(const char* name, const std::string& text) {
  return sdbus::Error(ErrorName(name), text);
}

// Text made fit for the bus: valid UTF-8 without NUL; what is not becomes '?'.
std::string bus_text(const std::string& text);

const char* signature(BusType type);
void write_value(sdbus::Message& message, const BusValue& value);
// Throws when the message holds something else or more than the bounds allow.
BusValue read_value(sdbus::Message& message, BusType type, std::size_t max_text);
bool has_type(const BusValue& value, BusType type);

// `what` names the call, e.g. "org.nvmexpress.staf: list_controllers".
Error to_error(const sdbus::Error& error, const std::string& what);

// Collects the members of one interface and publishes them.
class Registrar {
 public:
  using Setter = std::function<void(sdbus::Message&)>;
  using Names = std::vector<std::string>;

  Registrar(sdbus::IObject& object, const std::string& interface) : object_(object), interface_(interface) {}

#if STAS_SDBUS_2
  void method(const std::string& name, const std::string& in, Names in_names, const std::string& out, Names out_names,
              sdbus::method_callback callback) {
    vtable_.push_back(sdbus::MethodVTableItem{MethodName(name),
                                              sdbus::Signature(in),
                                              std::move(in_names),
                                              sdbus::Signature(out),
                                              std::move(out_names),
                                              std::move(callback),
                                              {}});
  }
  void property(const std::string& name, const std::string& type, sdbus::property_get_callback get, Setter set) {
    sdbus::property_set_callback callback;
    if (set) callback = [set](sdbus::PropertySetCall call) { set(call); };
    vtable_.push_back(sdbus::PropertyVTableItem{
        sdbus::PropertyName(name), sdbus::Signature(type), std::move(get), std::move(callback), {}});
  }
  void signal(const std::string& name, const std::string& args, Names names) {
    vtable_.push_back(sdbus::SignalVTableItem{SignalName(name), sdbus::Signature(args), std::move(names), {}});
  }
  void publish() { object_.addVTable(interface_, std::move(vtable_)); }
#else
  void method(const std::string& name, const std::string& in, const Names& in_names, const std::string& out,
              const Names& out_names, sdbus::method_callback callback) {
    object_.registerMethod(interface_, name, in, in_names, out, out_names, std::move(callback));
  }
  void property(const std::string& name, const std::string& type, sdbus::property_get_callback get, Setter set) {
    sdbus::property_set_callback callback;
    if (set) callback = [set](sdbus::PropertySetCall& call) { set(call); };
    object_.registerProperty(interface_, name, type, std::move(get), std::move(callback));
  }
  void signal(const std::string& name, const std::string& args, const Names& names) {
    object_.registerSignal(interface_, name, args, names);
  }
  void publish() {}  // all interfaces of an object at once: finish()
#endif

 private:
  sdbus::IObject& object_;
  InterfaceName interface_;
#if STAS_SDBUS_2
  std::vector<sdbus::VTableItem> vtable_;
#endif
};

// After the last interface of an object.
inline void finish([[maybe_unused]] sdbus::IObject& object) {
#if !STAS_SDBUS_2
  object.finishRegistration();
#endif
}

// Publishes one interface; its methods are answered when the desk says so. Handlers are wrapped: nothing but
// sdbus::Error leaves them (1.2 would unwind through C).
void publish(sdbus::IObject& object, const BusInterface& interface, Desk& desk);

}  // namespace stas::bus_shim
