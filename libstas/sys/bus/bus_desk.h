// SPDX-License-Identifier: Apache-2.0
//
// Internal to libstas/sys/bus: who is answered, when, and with how much. Every call of a method passes it before
// anything is done for it. Root and the user of this process are answered at once. Others wait in line, one line per
// user in turn, and get no more than the Ledger has room for: first errors say so, then nothing does. A call that wants
// no reply and has no other effect is dropped. sdbus-c++ knows neither filters nor the length of the queue nor an
// answer that is left out, so this speaks with sd-bus, on the connection of sdbus-c++. On the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include <systemd/sd-bus.h>

#include "libstas/core/base/time.h"
#include "libstas/sys/bus/bus_ledger.h"
#include "libstas/sys/os/loop.h"

namespace stas::bus_shim {

inline constexpr std::size_t kMaxCallBytes = 1024;      // what a short answer or an error takes on the bus
inline constexpr std::size_t kIntrospectBytes = 16384;  // what an introspection takes
inline constexpr std::size_t kMaxWaitingCalls = 16;     // of one caller
inline constexpr std::size_t kMaxCallers = 16384;       // remembered; a new one beyond them is not answered
inline constexpr Duration kAskPeriod = std::chrono::milliseconds(200);  // between questions to the bus what was read

class Desk {
 public:
  // Answers a call, with at most `room` bytes or an error; returns how many went out, and `room` when it was too small:
  // the work was done, and is not done again before something was read.
  using Serve = std::function<std::size_t(std::size_t room)>;

  // The loop must outlive the desk, which keeps the bus.
  Desk(Loop& loop, sd_bus* bus);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // From the handler of a method: `serve` is called once, now or later, or never. False: its caller waits for too many
  // answers already.
  bool take(sd_bus_message* call, Serve serve);
  // Somebody waits, and the bus has taken what was sent before; so an answer to root has at most one before it.
  bool is_due();
  // Answers one of those who wait, if it is time.
  void serve_next();

 private:
  struct SlotDeleter {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
  };
  struct BusDeleter {
    void operator()(sd_bus* bus) const { sd_bus_unref(bus); }
  };
  using Slot = std::unique_ptr<sd_bus_slot, SlotDeleter>;
  enum class Standing : std::uint8_t { unknown, ordinary, privileged };
  struct Caller {
    Desk* desk = nullptr;
    std::string name{};
    Standing standing = Standing::unknown;
    uid_t user = 0;
    std::size_t waiting = 0;
    std::deque<Serve> held{};  // until its user is known
    Slot question{};
  };
  struct Waiting {
    std::string caller;
    Serve serve;
  };
  using Lines = std::map<uid_t, std::deque<Waiting>>;
  Lines::iterator next_line();

  static int on_message(sd_bus_message* message, void* data, sd_bus_error* error);
  static int on_user(sd_bus_message* answer, void* data, sd_bus_error* error);
  static int on_stats(sd_bus_message* answer, void* data, sd_bus_error* error);
  bool admit(sd_bus_message* call, const char* sender);
  Caller* caller(const char* name);
  bool ask(Caller& caller, const char* interface, const char* method, sd_bus_message_handler_t handler);
  void identified(Caller& caller, uid_t user);
  void forget(const std::string& name);
  void forget_privileged();
  void ask_about_unread();

  std::unique_ptr<sd_bus, BusDeleter> bus_;
  Ledger ledger_;
  std::unordered_map<std::string, Caller> callers_;
  Lines waiting_;
  uid_t last_served_ = 0;
  Slot filter_;
  TimerSource ask_;
  bool ask_armed_ = false;
};

}  // namespace stas::bus_shim
