// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus_native.h"

#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include <systemd/sd-bus.h>

#include "libstas/sys/bus/bus_shim.h"

namespace stas::bus_native {

namespace {

constexpr std::size_t kMaxSignalArgs = 16;
// Answers of RequestName (D-Bus specification); all others mean that it is somebody else's.
constexpr std::uint32_t kPrimaryOwner = 1;
constexpr std::uint32_t kAlreadyOwner = 4;

using SignalHandler = std::function<void(sd_bus_message&)>;
using NameHandler = std::function<void(Result<void>)>;

// sdbus-c++ keeps sd-bus's connection to itself, but each message knows its own.
struct Inside : sdbus::MethodCall {
  static sd_bus* bus_of(const sdbus::MethodCall& call) {
    return sd_bus_message_get_bus(static_cast<sd_bus_message*>(call.*(&Inside::msg_)));
  }
};

sd_bus* bus_of(sdbus::IProxy& proxy) {
  return Inside::bus_of(
      proxy.createMethodCall(bus_shim::InterfaceName("org.freedesktop.DBus.Peer"), bus_shim::MethodName("Ping")));
}

Result<void> outcome(sd_bus_message& reply, const std::string& name) {
  if (const auto* error = sd_bus_message_get_error(&reply); error != nullptr) {
    const std::string text = error->message != nullptr ? error->message : "";
    return tl::unexpected(
        bus_shim::to_error(bus_shim::make_error(error->name, text), "cannot own " + name + " on the system bus"));
  }
  std::uint32_t answer = 0;
  if (sd_bus_message_read_basic(&reply, 'u', &answer) > 0 && (answer == kPrimaryOwner || answer == kAlreadyOwner))
    return {};
  return fail(ErrorKind::busy, name + ": the name is taken on the system bus: another instance is running");
}

struct NameRequest {
  std::string name;
  NameHandler handler;
};

int on_signal(sd_bus_message* message, void* handler, sd_bus_error*) {
  (*static_cast<SignalHandler*>(handler))(*message);
  return 0;
}

int on_name(sd_bus_message* reply, void* data, sd_bus_error*) {
  auto& request = *static_cast<NameRequest*>(data);
  request.handler(outcome(*reply, request.name));
  return 0;
}

}  // namespace

void Slot::End::operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }

struct Waiting {
  template <class Handler, class Ask>  // int(sd_bus*, sd_bus_slot**, void* data)
  static Result<Slot> start(sdbus::IProxy& proxy, const std::string& what, Handler handler, Ask ask) {
    Slot slot;
    auto owned = std::make_shared<Handler>(std::move(handler));
    slot.handler_ = owned;
    sd_bus_slot* native = nullptr;
    const int r = ask(bus_of(proxy), &native, owned.get());
    if (r < 0) return fail(ErrorKind::closed, "D-Bus: " + what + ": " + std::generic_category().message(-r), -r);
    slot.slot_.reset(native);
    return slot;
  }
};

Result<Slot> add_match(sdbus::IProxy& proxy, const std::string& rule, SignalHandler handler) {
  return Waiting::start(proxy, rule, std::move(handler), [&](sd_bus* bus, sd_bus_slot** slot, void* data) {
    return sd_bus_add_match_async(bus, slot, rule.c_str(), on_signal, nullptr, data);
  });
}

Result<Slot> request_name(sdbus::IProxy& proxy, const std::string& name, NameHandler handler) {
  return Waiting::start(proxy, name, NameRequest{name, std::move(handler)},
                        [&](sd_bus* bus, sd_bus_slot** slot, void* data) {
                          return sd_bus_request_name_async(bus, slot, name.c_str(), 0, on_name, data);
                        });
}

std::string sender_of(sd_bus_message& message) {
  const char* sender = sd_bus_message_get_sender(&message);
  return sender != nullptr ? sender : "";
}

std::optional<std::vector<std::string>> read_texts(sd_bus_message& message) {
  std::vector<std::string> args;
  // Another type, or the end, is an error or nothing.
  while (args.size() <= kMaxSignalArgs) {
    const char* text = nullptr;
    int flag = 0;
    if (sd_bus_message_read_basic(&message, 's', &text) > 0) {
      if (std::strlen(text) > kMaxBusArgument) return std::nullopt;
      args.emplace_back(text);
    } else if (sd_bus_message_read_basic(&message, 'b', &flag) > 0) {
      args.emplace_back(flag != 0 ? "true" : "false");
    } else {
      return args;
    }
  }
  return std::nullopt;
}

}  // namespace stas::bus_native
