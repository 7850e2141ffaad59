// SPDX-License-Identifier: Apache-2.0
//
// A host on the loop transport with a clock that moves only when a test says so.
#pragma once

#include <gtest/gtest.h>

#include "tests/target/control/config_json.h"
#include "tests/target/transport/loop_queue.h"
#include "tests/unit/target/host_commands.h"

namespace stas::target::testing {

/// One subsystem, kOne, with one namespace.
inline constexpr char kPlain[] =
    R"({"subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})";

/// A core built from JSON, with one loop listener (id 1) when the text names none.
class LoopTarget {
 public:
  explicit LoopTarget(const std::string& json) {
    auto config = parse_config(json);
    EXPECT_TRUE(config) << (config ? "" : config.error().text);
    if (!config) return;
    if (config->listeners.empty()) config->listeners.push_back({.id = 1, .transport = Transport::loop});
    EXPECT_TRUE(engine.set_discovery(config->discovery));
    for (const auto& listener : config->listeners) {
      const std::uint8_t family = listener.transport == Transport::loop ? 254 : 1;
      EXPECT_TRUE(engine.add_listener({.config = listener, .adrfam = family}));
    }
    for (const auto& backend : config->backends) EXPECT_TRUE(engine.add_backend(backend));
    for (const auto& group : config->zone_groups) EXPECT_TRUE(engine.set_zone_group(group));
    for (const auto& subsystem : config->subsystems) EXPECT_TRUE(engine.add_subsystem(subsystem));
    for (const auto& referral : config->referrals) EXPECT_TRUE(engine.add_referral(referral));
    engine.loaded();
  }

  void pass(Millis time) {
    now += time;
    engine.advance(now);
  }

  Engine engine;
  Instant now{};
};

class LoopHost {
 public:
  explicit LoopHost(LoopTarget& target, std::uint16_t listener = 1)
      : target_(target), queue_(target.engine, listener) {}

  /// Runs a command that is answered at once; any earlier completion must have been taken.
  Answer run(Command command) {
    const std::uint16_t cid = submit(std::move(command));
    auto answer = take();
    EXPECT_TRUE(answer) << "no completion";
    if (!answer) return {};
    EXPECT_EQ(answer->cid, cid);
    return *answer;
  }

  std::uint16_t submit(Command command) {
    command.at(2, ++cid_);
    queue_.submit(command.sqe, command.data, target_.now);
    return cid_;
  }

  std::optional<Answer> take() {
    auto done = queue_.take();
    if (!done) return std::nullopt;
    return answer_from(done->cqe.data(), std::move(done->data));
  }

  /// The same with a CID of the caller's choice.
  void submit_as(std::uint16_t cid, Command command) {
    command.at(2, cid);
    queue_.submit(command.sqe, command.data, target_.now);
  }

  /// Connect and enable; the controller id.
  std::uint16_t bring_up(const ConnectOptions& options) {
    const Answer connected = run(connect(options));
    EXPECT_EQ(connected.status, 0);
    if (options.qid == 0) {
      EXPECT_EQ(run(property_set(0x14, 0x00460001)).status, 0);
    }
    return static_cast<std::uint16_t>(connected.result & 0xFFFF);
  }

  [[nodiscard]] bool is_closed() const { return queue_.is_closed(); }

 private:
  LoopTarget& target_;
  LoopQueue queue_;
  std::uint16_t cid_ = 0;
};

}  // namespace stas::target::testing
