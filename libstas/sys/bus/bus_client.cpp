// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus_client.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "libstas/sys/bus/bus_shim.h"

namespace stas {

namespace {
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
}

struct BusClient::Impl {
  std::unique_ptr<sdbus::IConnection> connection;
  std::uint64_t timeout_us = 0;

  // `fill` writes the arguments, `read` takes the reply apart.
  template <class Fill, class Read>
  auto call(const BusTarget& target, const std::string& interface, const std::string& method, Fill fill, Read read)
      -> Result<decltype(read(std::declval<sdbus::Message&>()))> {
    const auto what = target.service + ": " + method;
    try {
      const auto proxy =
          sdbus::createProxy(*connection, bus_shim::ServiceName(target.service), bus_shim::ObjectPath(target.path));
      auto message = proxy->createMethodCall(bus_shim::InterfaceName(interface), bus_shim::MethodName(method));
      fill(message);
      auto reply = proxy->callMethod(message, timeout_us);
      return read(reply);
    } catch (const sdbus::Error& e) {
      return tl::unexpected(bus_shim::to_error(e, what));
    } catch (const std::exception& e) {
      return fail(ErrorKind::io, what + ": " + e.what());
    }
  }
};

BusClient::BusClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BusClient::BusClient(BusClient&&) noexcept = default;
BusClient& BusClient::operator=(BusClient&&) noexcept = default;
BusClient::~BusClient() = default;

Result<BusClient> BusClient::system(Duration timeout) {
  try {
    auto impl = std::make_unique<Impl>();
    impl->connection = sdbus::createSystemBusConnection();
    impl->timeout_us = static_cast<std::uint64_t>(std::max<std::int64_t>(1, timeout.count()));
    return BusClient(std::move(impl));
  } catch (const sdbus::Error& e) {
    auto error = bus_shim::to_error(e, "cannot connect to the system bus");
    error.kind = ErrorKind::unreachable;
    return tl::unexpected(std::move(error));
  }
}

Result<BusValue> BusClient::call(const BusTarget& target, const std::string& method, const BusArgs& args,
                                 BusType reply) {
  return impl_->call(
      target, target.interface, method,
      [&](sdbus::Message& message) {
        for (const auto& arg : args) bus_shim::write_value(message, arg);
      },
      [&](sdbus::Message& message) { return bus_shim::read_value(message, reply, kMaxBusReplyText); });
}

Result<bool> BusClient::get_flag(const BusTarget& target, const std::string& property) {
  return impl_->call(
      target, kProperties, "Get", [&](sdbus::Message& message) { message << target.interface << property; },
      [](sdbus::Message& message) {
        bool value = false;
        message.enterVariant("b");
        message >> value;
        message.exitVariant();
        return value;
      });
}

Result<void> BusClient::set_flag(const BusTarget& target, const std::string& property, bool value) {
  const auto done = impl_->call(
      target, kProperties, "Set",
      [&](sdbus::Message& message) {
        message << target.interface << property;
        message.openVariant("b");
        message << value;
        message.closeVariant();
      },
      [](sdbus::Message&) { return true; });
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace stas
