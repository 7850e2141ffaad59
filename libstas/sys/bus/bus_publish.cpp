// SPDX-License-Identifier: Apache-2.0
//
// The server side of the shim: our description of an interface becomes a vtable of sdbus-c++.
#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "libstas/sys/bus/bus_shim.h"

namespace stas::bus_shim {

namespace {

constexpr const char* kFailed = "org.freedesktop.DBus.Error.Failed";
constexpr const char* kInvalidArgs = "org.freedesktop.DBus.Error.InvalidArgs";
constexpr const char* kLimitsExceeded = "org.freedesktop.DBus.Error.LimitsExceeded";
constexpr const char* kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";

[[noreturn]] void throw_error(const Error& error) {
  const char* name = kFailed;
  if (error.kind == ErrorKind::invalid_input) name = kInvalidArgs;
  if (error.kind == ErrorKind::permission) name = kAccessDenied;
  throw make_error(name, bus_text(error.text));
}

// Runs a piece of a handler; whatever goes wrong becomes a D-Bus error for the caller.
template <class Piece>
void guarded(Piece piece) {
  try {
    piece();
  } catch (const sdbus::Error&) {
    throw;
  } catch (const std::exception& e) {
    throw make_error(kFailed, bus_text(e.what()));
  } catch (...) {
    throw make_error(kFailed, "unknown failure");
  }
}

BusArgs read_args(sdbus::Message& message, const std::vector<BusArg>& specs) {
  BusArgs args;
  args.reserve(specs.size());
  for (const auto& spec : specs) {
    try {
      args.push_back(read_value(message, spec.type, kMaxBusArgument));
    } catch (const sdbus::Error& e) {
      throw make_error(kInvalidArgs, "argument " + spec.name + ": " + e.getMessage());
    }
  }
  return args;
}

void send_error(const sdbus::MethodCall& call, const sdbus::Error& error) {
  try {
    call.createErrorReply(error).send();
  } catch (const sdbus::Error&) {
    // The bus is dying: on_lost() will say so.
  }
}

// Throws what is not to be sent.
const BusValue& value_of(const BusMethod& method, const Result<BusValue>& result) {
  if (!result) throw_error(result.error());
  const auto expected = method.out.empty() ? BusType::none : method.out.front().type;
  if (!has_type(*result, expected)) throw make_error(kFailed, "internal error: reply of the wrong type");
  return *result;
}

void check_size(const BusMethod& method, std::size_t bytes, std::size_t room) {
  if (bytes > kMaxBusMessage)
    throw make_error(kLimitsExceeded, "The answer would be longer than a message on the bus may be (32 MiB)" +
                                          (method.instead.empty() ? "" : "; " + method.instead));
  if (bytes > room)
    throw make_error(kLimitsExceeded, "Too many answers to this user are not read yet for one of " +
                                          std::to_string(bytes) + " bytes; read them, and ask again");
}

// Returns the bytes of the answer.
std::size_t send_answer(const BusMethod& method, const sdbus::MethodCall& call, std::size_t room,
                        const std::function<Result<BusValue>()>& answer) {
  std::size_t bytes = 0;
  try {
    guarded([&] {
      const auto result = answer();
      const auto& value = value_of(method, result);
      bytes = wire_size(value);
      check_size(method, bytes, room);
      auto reply = call.createReply();
      write_value(reply, value);
      reply.send();
    });
  } catch (const sdbus::Error& e) {
    send_error(call, e);
  }
  return std::min(bytes, room);
}

// Desk::Serve.
std::size_t serve(const std::shared_ptr<const BusMethod>& method, const sdbus::MethodCall& call, const BusArgs& args,
                  std::size_t room) {
  if (!method->later) return send_answer(*method, call, room, [&] { return method->handler(args); });
  try {
    guarded([&] {
      method->later(args, [method, call](const Result<BusValue>& result) {
        send_answer(*method, call, SIZE_MAX, [&] { return result; });
      });
    });
  } catch (const sdbus::Error& e) {
    send_error(call, e);
  }
  return 0;
}

void answer(const std::shared_ptr<const BusMethod>& method, sdbus::MethodCall& call, Desk& desk) {
  auto args = read_args(call, method->in);
  const bool taken = desk.take(Native::of(call), [method, call, args = std::move(args)](std::size_t room) {
    return serve(method, call, args, room);
  });
  if (!taken) throw make_error(kLimitsExceeded, "Too many calls of this connection are not answered yet");
}

void set_property(const BusProperty& property, sdbus::Message& call) {
  const auto result = property.set(read_args(call, {{property.type, property.name}}).front());
  if (!result) throw_error(result.error());
}

std::string signatures(const std::vector<BusArg>& args) {
  std::string text;
  for (const auto& arg : args) text += signature(arg.type);
  return text;
}

std::vector<std::string> names(const std::vector<BusArg>& args) {
  std::vector<std::string> list;
  list.reserve(args.size());
  for (const auto& arg : args) list.push_back(arg.name);
  return list;
}

}  // namespace

void publish(sdbus::IObject& object, const BusInterface& interface, Desk& desk) {
  Registrar registrar(object, interface.name);
  for (const auto& item : interface.methods) {
    const auto method = std::make_shared<const BusMethod>(item);
    registrar.method(item.name, signatures(item.in), names(item.in), signatures(item.out), names(item.out),
                     [method, &desk](sdbus::MethodCall call) { guarded([&] { answer(method, call, desk); }); });
  }
  for (const auto& property : interface.properties) {
    Registrar::Setter setter;
    if (property.set) {
      setter = [property, &object, name = InterfaceName(interface.name)](sdbus::Message& call) {
        guarded([&] {
          set_property(property, call);
          object.emitPropertiesChangedSignal(name);
        });
      };
    }
    registrar.property(
        property.name, signature(property.type),
        [property](sdbus::PropertyGetReply& reply) { guarded([&] { write_value(reply, property.get()); }); }, setter);
  }
  for (const auto& item : interface.signals) registrar.signal(item.name, signatures(item.args), names(item.args));
  registrar.publish();
}

}  // namespace stas::bus_shim
