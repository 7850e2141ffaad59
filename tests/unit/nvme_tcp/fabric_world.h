// SPDX-License-Identifier: Apache-2.0
//
// A user fabric on a loop of its own and what it said, for tests that play the daemon. Waiting is for events, with a
// limit that only a broken fabric reaches.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/brain/event.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/sys/fabric/user/user_fabric.h"
#include "libstas/sys/os/loop.h"

namespace stas {

inline constexpr auto kPatience = std::chrono::seconds(20);
inline constexpr const char* kHostNqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
inline constexpr const char* kHostId = "11111111-2222-3333-4444-555555555555";

struct FabricWorld {
  Loop loop;
  UserFabric fabric;
  std::vector<Event> events;
  std::map<OpId, OpResult> done;
  std::vector<std::string> story;  // what happened to devices: "seen user0 live", "gone user0", ...
  unsigned aens = 0;
  OpId next_op = 1;

  explicit FabricWorld(UserFabricOptions options = {}) : fabric(loop, options) {
    EXPECT_TRUE(fabric.start([this](Event event) { record(std::move(event)); }).has_value());
  }

  void record(Event event) {
    if (const auto* op = std::get_if<OpDone>(&event)) {
      EXPECT_TRUE(done.emplace(op->op, op->result).second) << "answered twice";
    } else if (const auto* seen = std::get_if<DeviceSeen>(&event)) {
      story.push_back("seen " + seen->device.ref.name + " " + seen->device.state);
    } else if (const auto* gone = std::get_if<DeviceGone>(&event)) {
      story.push_back("gone " + gone->ref.name);
    } else if (const auto* again = std::get_if<DeviceReconnected>(&event)) {
      story.push_back("reconnected " + again->ref.name);
    } else if (std::holds_alternative<AenReceived>(event)) {
      ++aens;
    }
    events.push_back(std::move(event));
  }

  bool wait(const std::function<bool()>& until, Duration patience = kPatience) {
    const auto end = loop.now() + patience;
    while (!until()) {
      if (loop.now() >= end) return false;
      loop.run_once(std::chrono::milliseconds(20));
    }
    return true;
  }
  bool heard(const std::string& what) const {
    for (const auto& line : story) {
      if (line == what) return true;
    }
    return false;
  }

  OpResult result(OpId op) {
    EXPECT_TRUE(wait([&] { return done.count(op) != 0; })) << "operation " << op << " was not answered";
    const auto it = done.find(op);
    return it == done.end() ? OpResult(Error{ErrorKind::io, 0, "test: no answer"}) : it->second;
  }

  OpId begin(FabricOp op) {
    const auto id = next_op++;
    std::visit([id](auto& any) { any.op = id; }, op);
    fabric.submit(std::move(op));
    EXPECT_EQ(done.count(id), 0U) << "answered from inside submit()";
    return id;
  }
  OpResult call(FabricOp op) { return result(begin(std::move(op))); }

  // Connects, or the test fails.
  Device connected(const Connect& order) {
    const auto result = call(order);
    if (const auto* ok = std::get_if<Connected>(&result)) return ok->device;
    ADD_FAILURE() << "not connected: " << std::get<Error>(result).text;
    return {};
  }
  Error refused(const Connect& order) {
    const auto result = call(order);
    if (const auto* error = std::get_if<Error>(&result)) return *error;
    ADD_FAILURE() << "connected";
    return {};
  }
  LogPage page(const Device& device, std::optional<std::uint64_t> known = std::nullopt, bool pleo = false) {
    const auto result = call(FetchLogPage{0, some_tid(), device.ref, pleo, known});
    if (const auto* page = std::get_if<LogPage>(&result)) return *page;
    ADD_FAILURE() << "no log page: " << std::get<Error>(result).text;
    return {};
  }
  static Tid some_tid() { return Tid(TidFields{}); }
};

inline Connect order(const std::string& port, ControllerKind kind = ControllerKind::discovery,
                     const std::string& nqn = std::string(kWellKnownDiscoveryNqn),
                     const std::string& traddr = "127.0.0.1") {
  TidFields fields;
  fields.traddr = traddr;
  fields.trsvcid = port;
  fields.subsysnqn = nqn;
  fields.host_nqn = kHostNqn;
  Connect connect{0, Tid(fields), kind, {}, {}, Reason::configured};
  connect.host.nqn = kHostNqn;
  connect.host.id = kHostId;
  return connect;
}

inline Connect with(Connect connect, const std::function<void(TidFields&)>& change) {
  auto fields = connect.tid.fields();
  change(fields);
  connect.tid = Tid(fields);
  return connect;
}

}  // namespace stas
