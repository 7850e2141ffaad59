// SPDX-License-Identifier: Apache-2.0
//
// The system bus on our loop, and the one place (with bus_*.{h,cpp}) that knows sdbus-c++. A daemon describes its
// object as data (Interface, Method, Property), answers from handlers that run on the loop's thread, and speaks to
// others, the bus daemon included, only asynchronously and with a deadline: one that hangs holds nobody up. What comes
// in is bounded and typed before a handler sees it; text that goes out is made valid UTF-8 first, because one hostile
// byte would otherwise spoil a whole reply. Callbacks and handlers run on the loop's thread; callbacks must not throw
// and must not destroy the Bus. DBUS_SYSTEM_BUS_ADDRESS is honoured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/sys/bus/bus_types.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"

namespace sdbus {
class IConnection;
}

namespace stas {

class Bus;

// Keeps a call, watch or subscription alive; dropping it cancels, and the callback is never called again. May outlive
// the Bus and may be dropped inside its own callback.
class BusHandle {
 public:
  BusHandle();
  BusHandle(BusHandle&&) noexcept;
  BusHandle& operator=(BusHandle&&) noexcept;
  ~BusHandle();
  explicit operator bool() const { return token_ != nullptr; }

 private:
  friend class Bus;
  struct Token;
  explicit BusHandle(std::unique_ptr<Token> token);
  std::unique_ptr<Token> token_;
};

class Bus {
 public:
  // Connects to the system bus on a thread of `worker`, as a bus daemon that hangs may accept and never answer. The
  // callback runs once, from the loop, unless the worker is stopped before. The loop must outlive the Bus.
  static void connect(Loop& loop, Worker& worker, std::function<void(Result<std::unique_ptr<Bus>>)> callback);
  // What is still to be sent is lost.
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Called once, from the loop, when the bus has died. Nothing works afterwards: end the process.
  void on_lost(std::function<void(const Error&)> callback);

  // The callback runs once, from the loop, unless the handle is dropped before (the name is taken all the same). busy:
  // somebody else has the name (a second instance); other errors: policy forbids it, no answer within 25 s.
  [[nodiscard]] BusHandle request_name(const std::string& name, std::function<void(Result<void>)> callback);
  // Publishes the object. Once per path, before request_name, so that nobody meets half a service.
  Result<void> export_object(const std::string& path, std::vector<BusInterface> interfaces);
  Result<void> emit(const std::string& path, const std::string& interface, const std::string& signal,
                    const std::vector<std::string>& args);
  // All properties of the interface may have changed (tron after a reload).
  void properties_changed(const std::string& path, const std::string& interface);

  // The callback runs exactly once, from the loop, unless the handle is dropped before. A reply of another type than
  // `reply`, or beyond the bounds, is an Error{protocol}. Errors: timed_out, not_found (no such service), refused (the
  // service answered with an error), permission, closed.
  [[nodiscard]] BusHandle call_async(const BusTarget& target, const std::string& method, const BusArgs& args,
                                     BusType reply, Duration timeout, std::function<void(Result<BusValue>)> callback);
  // The unique name of the owner, "" for none: once for the present state (from the loop), then at every change. The
  // same owner is never reported twice in a row.
  [[nodiscard]] BusHandle watch_name(const std::string& name, std::function<void(const std::string& owner)> callback);
  // Signals with text and boolean ("true", "false") arguments; others, oversized ones and those not sent by the owner
  // of the service are ignored.
  [[nodiscard]] BusHandle subscribe(const BusTarget& target, const std::string& signal,
                                    std::function<void(const std::vector<std::string>& args)> callback);

 private:
  friend class BusHandle;
  struct Impl;
  explicit Bus(std::shared_ptr<Impl> impl);
  static Result<std::unique_ptr<Bus>> on(Loop& loop, std::shared_ptr<sdbus::IConnection> connection);
  // Shared with the tokens (as weak_ptr), so that a handle may outlive the Bus.
  std::shared_ptr<Impl> impl_;
};

}  // namespace stas
