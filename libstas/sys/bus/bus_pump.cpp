// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus_pump.h"

#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <systemd/sd-event.h>

#include "libstas/sys/bus/bus_shim.h"

namespace stas::bus_shim {

namespace {
constexpr std::uint64_t kAccuracyUs = 1000;  // sd-event's default of 250 ms would stretch every call timeout
constexpr Duration kTurn = std::chrono::milliseconds(5);  // of the bus, before the rest of the loop gets one
}  // namespace

struct Pump::Sources {
  Loop& loop;
  sdbus::IConnection& connection;
  PumpHooks hooks;
  sd_event_source* io = nullptr;
  sd_event_source* timer = nullptr;
  std::uint32_t events = 0;
  std::optional<std::string> failure{};  // why the connection is lost
  OnceSource announce = loop.once([this] {
    disarm();
    hooks.lost(Error{ErrorKind::closed, 0, "D-Bus: connection lost: " + *failure});
  });

  ~Sources() { disarm(); }

  void disarm() {
    if (io != nullptr) io = sd_event_source_disable_unref(io);
    if (timer != nullptr) timer = sd_event_source_disable_unref(timer);
  }

  void fail(std::string why) {
    if (failure) return;
    failure = std::move(why);
    if (io != nullptr) sd_event_source_set_enabled(io, SD_EVENT_OFF);
    if (timer != nullptr) sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    announce.arm();
  }

  // First all that came in, up to a bound; what is still queued makes the next deadline 0, so other sources of the loop
  // get their turn. Then one piece of the work that was put off.
  void process() {
    const Instant end = loop.now() + kTurn;
    try {
      while (process_one(connection) && loop.now() < end) continue;
    } catch (const std::exception& e) {
      return fail(e.what());
    }
    hooks.work();
  }

  void prepare() {
    const bool owed = hooks.idle();
    try {
      auto state = poll_state(connection);
      if (owed) state.deadline_us = 0;
      if (state.events != events) {
        sd_event_source_set_io_events(io, state.events);
        events = state.events;
      }
      if (state.deadline_us == UINT64_MAX) {
        sd_event_source_set_enabled(timer, SD_EVENT_OFF);
      } else {
        sd_event_source_set_time(timer, state.deadline_us);
        sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
      }
    } catch (const std::exception& e) {
      fail(e.what());
    }
  }

  static int on_io(sd_event_source*, int, std::uint32_t, void* data) {
    static_cast<Sources*>(data)->process();
    return 0;
  }
  static int on_time(sd_event_source*, std::uint64_t, void* data) {
    static_cast<Sources*>(data)->process();
    return 0;
  }
  static int on_prepare(sd_event_source*, void* data) {
    static_cast<Sources*>(data)->prepare();
    return 0;
  }
};

Pump::Pump(Loop& loop, sdbus::IConnection& connection, PumpHooks hooks)
    : sources_(new Sources{loop, connection, std::move(hooks)}) {
  auto& s = *sources_;
  const auto state = poll_state(connection);
  s.events = state.events;
  int r = sd_event_add_io(loop.native(), &s.io, state.fd, s.events, Sources::on_io, &s);
  if (r >= 0) {
    r = sd_event_add_time(loop.native(), &s.timer, CLOCK_MONOTONIC, 0, kAccuracyUs, Sources::on_time, &s);
  }
  if (r >= 0) r = sd_event_source_set_prepare(s.io, Sources::on_prepare);
  if (r < 0) throw make_error("org.freedesktop.DBus.Error.Failed", std::string("event loop: ") + std::strerror(-r));
}

Pump::~Pump() = default;

}  // namespace stas::bus_shim
