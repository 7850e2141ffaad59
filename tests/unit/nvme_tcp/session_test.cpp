// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/session.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libstas/core/base/endian.h"
#include "libstas/core/discovery/aen.h"
#include "libstas/core/identity/nqn.h"

namespace stas::nvme_tcp {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kCntlid = 7;
constexpr std::uint64_t kCap = 0x000000200F01007F;

// What a command is, for scripts: "connect 0", "get 1c", "set 14", "06", "0c", ...
std::string name_of(const Command& command) {
  static const auto hex = [](unsigned value) {
    static const char* digits = "0123456789abcdef";
    return std::string{digits[value >> 4 & 15], digits[value & 15]};
  };
  const std::string_view sqe(command.sqe.data(), command.sqe.size());
  const auto opcode = get_le<std::uint8_t>(sqe, 0);
  if (opcode != 0x7F) return hex(opcode);
  switch (sqe[4]) {
    case 0:
      return "set " + hex(get_le<std::uint8_t>(sqe, 44));
    case 1:
      return "connect " + std::to_string(get_le<std::uint16_t>(sqe, 42));
    default:
      return "get " + hex(get_le<std::uint8_t>(sqe, 44));
  }
}

std::string identify_data(std::uint8_t cntrltype, std::uint32_t oaes = 1U << 31) {
  std::string data(kIdentifySize, '\0');
  data.replace(4, 20, "SERIAL              ");
  data.replace(24, 40, "MODEL X                                 ");
  data[77] = 5;
  put_le(data, 78, kCntlid);
  put_le(data, 92, oaes);
  data[111] = static_cast<char>(cntrltype);
  const std::string nqn = "nqn.2024-01.org.example:unique";
  data.replace(768, nqn.size(), nqn);
  data[1806] = 2;
  return data;
}

// A controller that answers at once, unless the script has something else for a command.
struct World {
  Instant now{1000s};
  Session session;
  std::vector<std::string> sent;  // names of commands and "open N", in order
  std::map<std::string, Completion> script;
  std::set<std::string> silent;
  std::map<std::string, Token> unanswered;
  std::vector<std::string> events;
  std::map<std::uint64_t, Result<Completion>> answers;
  std::optional<Error> error;
  unsigned not_ready = 0;  // reads of CSTS

  explicit World(SessionConfig config) : session(std::move(config)) {}

  Completion answer(const std::string& name) {
    if (const auto it = script.find(name); it != script.end()) return it->second;
    if (name.rfind("connect", 0) == 0) return {kCntlid, 0, false, {}};
    if (name == "get 00") return {kCap, 0, false, {}};
    if (name == "get 1c") return {not_ready > 0 ? (--not_ready, 0U) : 1U, 0, false, {}};
    if (name == "06") return {0, 0, false, identify_data(2)};
    return {};
  }

  void run() {
    for (;;) {
      auto orders = session.take_orders();
      collect();
      if (orders.empty()) return;
      for (auto& order : orders) {
        if (const auto* open = std::get_if<Session::OpenQueue>(&order)) {
          const auto name = "open " + std::to_string(open->qid);
          sent.push_back(name);
          if (silent.count(name) == 0) session.queue_opened(open->qid, now);
          continue;
        }
        const auto& submit = std::get<Session::Submit>(order);
        const auto name = name_of(submit.command);
        sent.push_back(name);
        if (silent.count(name) != 0 || name == "0c") {
          unanswered[name] = submit.token;
        } else {
          session.completed({submit.token, answer(name)}, now);
        }
      }
    }
  }

  void collect() {
    for (auto& event : session.take_events()) {
      if (std::holds_alternative<Session::Live>(event)) {
        events.emplace_back("live");
      } else if (const auto* aen = std::get_if<Session::Aen>(&event)) {
        events.push_back("aen " + std::to_string(aen->value));
      } else if (auto* answered = std::get_if<Session::Answered>(&event)) {
        events.push_back("answered " + std::to_string(answered->request));
        answers.emplace(answered->request, answered->answer);
      } else {
        events.emplace_back("closed");
        error = std::get<Session::Closed>(event).error;
      }
    }
  }

  void start() {
    session.start(now);
    run();
  }
  void pass(Duration time) {
    now += time;
    session.advance(now);
    run();
  }
};

SessionConfig discovery() {
  SessionConfig config;
  config.kind = ControllerKind::discovery;
  config.subsysnqn = kWellKnownDiscoveryNqn;
  config.hostnqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
  config.kato = 30s;
  return config;
}

SessionConfig io(std::uint16_t queues = 1) {
  auto config = discovery();
  config.kind = ControllerKind::io;
  config.subsysnqn = "nqn.2024-01.org.example:io";
  config.nr_io_queues = queues;
  return config;
}

using Names = std::vector<std::string>;

TEST(Session, BringsADiscoveryControllerUpInOrder) {
  World world(discovery());
  world.start();
  EXPECT_EQ(world.sent, (Names{"open 0", "connect 0", "get 00", "set 14", "get 1c", "get 08", "06", "09", "0c"}));
  EXPECT_EQ(world.events, Names{"live"});
  EXPECT_EQ(world.session.identity().subsysnqn, "nqn.2024-01.org.example:unique");
  EXPECT_EQ(world.session.identity().serial, "SERIAL");
  EXPECT_EQ(world.session.identity().model, "MODEL X");
  EXPECT_EQ(world.session.identity().max_transfer, 4096U << 5);
  EXPECT_EQ(world.session.identity().dctype, 2);
}

TEST(Session, BringsAnIoControllerUpWithItsQueues) {
  World world(io(3));
  world.script["06"] = {0, 0, false, identify_data(1, 1U << 8)};
  world.script["09"] = {1U << 16 | 5U, 0, false, {}};  // grants 2 and 6
  world.start();
  EXPECT_EQ(world.sent, (Names{"open 0", "connect 0", "get 00", "set 14", "get 1c", "get 08", "06", "09", "open 1",
                               "open 2", "connect 1", "connect 2", "09", "0c"}));
  EXPECT_EQ(world.events, Names{"live"});
}

TEST(Session, DoesWithoutEventsWhereThereAreNone) {
  World world(discovery());
  world.script["06"] = {0, 0, false, identify_data(2, 0)};
  world.start();
  EXPECT_EQ(world.sent.back(), "06");
  EXPECT_EQ(world.events, Names{"live"});

  World refused(discovery());
  refused.script["09"] = {0, 0x002, true, {}};
  refused.start();
  EXPECT_EQ(refused.sent.back(), "09");
  EXPECT_EQ(refused.events, Names{"live"});
}

TEST(Session, PollsUntilReady) {
  World world(discovery());
  world.not_ready = 3;
  world.start();
  EXPECT_TRUE(world.events.empty());
  for (int i = 0; i < 3; ++i) world.pass(2ms);
  EXPECT_EQ(world.events, Names{"live"});
}

TEST(Session, GivesUpOnAControllerThatIsNeverReady) {
  World world(discovery());  // CAP.TO 15 = 7.5 s
  world.not_ready = 1000000;
  world.start();
  while (world.events.empty() && world.now < Instant(1020s)) world.pass(100ms);
  ASSERT_TRUE(world.error.has_value());
  EXPECT_EQ(world.error->kind, ErrorKind::timed_out);
  EXPECT_NEAR(static_cast<double>((world.now - Instant(1000s)) / 100ms), 75, 2);
}

struct Refusal {
  const char* what;
  std::string command;
  Completion completion;
  ErrorKind kind;
  const char* words;
};

TEST(Session, RefusalsHaveWords) {
  const std::vector<Refusal> rows = {
      {"host", "connect 0", {0x10200, 0x184, true, {}}, ErrorKind::refused, "not allowed"},
      {"subsystem", "connect 0", {0x10100, 0x182, true, {}}, ErrorKind::refused, "does not know the subsystem NQN"},
      {"host NQN", "connect 0", {0x10200, 0x182, true, {}}, ErrorKind::refused, "host NQN"},
      {"queue size", "connect 0", {0x2C, 0x182, true, {}}, ErrorKind::refused, "queue size 32"},
      {"busy", "connect 0", {0, 0x181, false, {}}, ErrorKind::rejected, "busy"},
      {"authentication", "connect 0", {kCntlid | 1U << 17, 0, false, {}}, ErrorKind::permission, "there is no key"},
      {"secure", "connect 0", {kCntlid | 1U << 18, 0, false, {}}, ErrorKind::not_supported, "concatenation"},
      {"authentication status", "connect 0", {0, 0x191, true, {}}, ErrorKind::permission, "authentication required"},
      {"CAP", "get 00", {0, 0x006, false, {}}, ErrorKind::rejected, "Property Get CAP: internal error"},
      {"CC", "set 14", {0, 0x002, true, {}}, ErrorKind::refused, "Property Set CC"},
      {"fatal", "get 1c", {2, 0, false, {}}, ErrorKind::protocol, "CSTS.CFS"},
      {"VS", "get 08", {0, 0x7FF, false, {}}, ErrorKind::rejected, "7FFh"},
      {"Identify", "06", {0, 0x001, true, {}}, ErrorKind::not_supported, "Identify"},
      {"Identify short", "06", {0, 0, false, "short"}, ErrorKind::protocol, "5 bytes"},
      {"Identify of another", "06", {0, 0, false, std::string(4096, '\0')}, ErrorKind::protocol, "controller ID"},
      {"not discovery", "06", {0, 0, false, identify_data(1)}, ErrorKind::refused, "is an I/O controller"},
  };
  for (const auto& row : rows) {
    World world(discovery());
    world.script[row.command] = row.completion;
    world.start();
    EXPECT_EQ(world.events, Names{"closed"}) << row.what;
    ASSERT_TRUE(world.error.has_value()) << row.what;
    EXPECT_EQ(world.error->kind, row.kind) << row.what << ": " << world.error->text;
    EXPECT_NE(world.error->text.find(row.words), std::string::npos) << row.what << ": " << world.error->text;
    EXPECT_EQ(world.session.deadline(), kNever) << row.what;
  }
}

TEST(Session, EverySilenceEndsAtItsDeadline) {
  for (const std::string step : {"open 0", "connect 0", "get 00", "set 14", "get 1c", "get 08", "06", "09"}) {
    World world(discovery());
    world.silent.insert(step);
    world.start();
    EXPECT_TRUE(world.events.empty()) << step;
    EXPECT_LE(world.session.deadline(), world.now + 10s) << step;
    world.pass(9999ms);
    EXPECT_TRUE(world.events.empty()) << step;
    world.pass(2ms);
    EXPECT_EQ(world.events, Names{"closed"}) << step;
    EXPECT_EQ(world.error.value_or(Error{}).kind, ErrorKind::timed_out) << step;
  }
}

TEST(Session, ASlowControllerCannotStretchTheWayUp) {
  World world(discovery());
  world.session.start(world.now);
  Duration waited{};
  while (world.events.empty() && waited < 200s) {
    world.silent = {"open 0", "connect 0", "get 00", "set 14", "get 1c", "get 08", "06", "09"};
    world.run();
    world.pass(9s);
    waited += 9s;
    for (const auto& [name, token] : std::exchange(world.unanswered, {})) {
      world.session.completed({token, world.answer(name)}, world.now);
    }
    if (world.sent.size() == 1 && world.sent[0] == "open 0") world.session.queue_opened(0, world.now);
    world.collect();
  }
  EXPECT_EQ(world.events, Names{"closed"});
  EXPECT_LE(waited, 70s);
}

TEST(Session, KeepAliveEveryHalfKato) {
  World world(discovery());
  world.start();
  world.sent.clear();
  world.pass(14999ms);
  EXPECT_TRUE(world.sent.empty());
  world.pass(2ms);
  EXPECT_EQ(world.sent, Names{"18"});
  world.pass(15s);
  EXPECT_EQ(world.sent, (Names{"18", "18"}));
  EXPECT_EQ(world.events, Names{"live"});
}

TEST(Session, UnansweredKeepAliveIsALoss) {
  World world(discovery());
  world.start();
  world.silent.insert("18");
  world.pass(15s);
  world.pass(29s);
  EXPECT_EQ(world.events, Names{"live"});
  world.pass(1s);
  EXPECT_EQ(world.events, (Names{"live", "closed"}));
  EXPECT_NE(world.error->text.find("Keep Alive"), std::string::npos);
}

TEST(Session, WithoutKatoThereIsNoTimerWhenLive) {
  auto config = discovery();
  config.kato = {};
  World world(config);
  world.start();
  EXPECT_EQ(world.session.deadline(), kNever);
}

TEST(Session, AnEventIsToldAndTheNextOneAskedFor) {
  World world(discovery());
  world.start();
  world.sent.clear();
  world.session.completed({world.unanswered.at("0c"), {kAenDiscoveryLogChanged, 0, false, {}}}, world.now);
  world.run();
  EXPECT_EQ(world.sent, Names{"0c"});
  EXPECT_EQ(world.events, (Names{"live", "aen " + std::to_string(kAenDiscoveryLogChanged)}));
}

TEST(Session, AFloodOfEventsIsSlowedDown) {
  World world(discovery());
  world.start();
  for (unsigned i = 0; i < 2 * kMaxAensPerSecond; ++i) {
    if (const auto it = world.unanswered.find("0c"); it != world.unanswered.end()) {
      const auto token = it->second;
      world.unanswered.erase(it);
      world.session.completed({token, {kAenDiscoveryLogChanged, 0, false, {}}}, world.now);
      world.run();
    }
  }
  EXPECT_EQ(world.events.size(), 1U + kMaxAensPerSecond);
  world.pass(1s);
  EXPECT_EQ(world.unanswered.count("0c"), 1U) << "and goes on";
}

TEST(Session, RequestsAreAnsweredOnceWhateverHappens) {
  World world(discovery());
  world.start();
  world.script["02"] = {0, 0, false, "abcd"};
  world.session.request(1, "Get Log Page", get_log_page({0x70, 0, true, 0, 4}), world.now);
  world.session.request(2, "Get Log Page", get_log_page({0x70, 0, true, 0, 8}), world.now);
  world.run();
  world.script["21"] = {0, 0x12F, true, {}};
  world.session.request(3, "DIM", discovery_information_management(0, "data"), world.now);
  world.run();
  world.silent.insert("02");
  world.session.request(4, "Get Log Page", get_log_page({0x70, 0, true, 0, 4}), world.now);
  world.run();
  world.session.queue_failed({ErrorKind::closed, 0, "gone"});
  world.run();
  world.session.request(5, "Get Log Page", get_log_page({0x70, 0, true, 0, 4}), world.now);
  world.run();
  ASSERT_EQ(world.answers.size(), 5U);
  EXPECT_EQ(world.answers.at(1).value().data, "abcd");
  EXPECT_EQ(world.answers.at(2).error().kind, ErrorKind::protocol) << "short data";
  EXPECT_EQ(world.answers.at(3).error().kind, ErrorKind::refused);
  EXPECT_EQ(world.answers.at(4).error().kind, ErrorKind::closed);
  EXPECT_EQ(world.answers.at(5).error().kind, ErrorKind::closed);
}

TEST(Session, TooManyRequestsAreBusy) {
  World world(discovery());
  world.start();
  world.silent.insert("02");
  for (std::uint64_t i = 0; i <= kMaxRequests; ++i) {
    world.session.request(i, "Get Log Page", get_log_page({0x70, 0, true, 0, 4}), world.now);
  }
  world.run();
  ASSERT_EQ(world.answers.size(), 1U);
  EXPECT_EQ(world.answers.at(kMaxRequests).error().kind, ErrorKind::busy);
}

TEST(Session, ShutsDownAndWaitsForTheController) {
  World world(discovery());
  world.start();
  world.sent.clear();
  world.silent.insert("02");
  world.session.request(1, "Get Log Page", get_log_page({0x70, 0, true, 0, 4}), world.now);
  world.run();
  world.session.shutdown(world.now);
  world.run();
  EXPECT_EQ(world.answers.at(1).error().kind, ErrorKind::cancelled);
  EXPECT_EQ(world.sent, (Names{"02", "set 14", "get 1c"}));
  world.script["get 1c"] = {2U << 2, 0, false, {}};
  world.pass(2ms);
  EXPECT_EQ(world.events.back(), "closed");
  EXPECT_FALSE(world.error.has_value());
}

TEST(Session, ShutdownIsBoundedAndNoFailure) {
  World world(discovery());
  world.start();
  world.silent = {"set 14"};
  world.session.shutdown(world.now);
  world.run();
  world.pass(5s);
  EXPECT_EQ(world.events.back(), "closed");
  EXPECT_FALSE(world.error.has_value());

  World lost(discovery());
  lost.start();
  lost.silent = {"set 14"};
  lost.session.shutdown(lost.now);
  lost.run();
  lost.session.queue_failed({ErrorKind::closed, 0, "gone"});
  lost.run();
  EXPECT_EQ(lost.events.back(), "closed");
  EXPECT_FALSE(lost.error.has_value());
}

TEST(Session, LateAndForeignAnswersChangeNothing) {
  World world(discovery());
  world.start();
  const auto aer = world.unanswered.at("0c");
  world.session.completed({999999, {}}, world.now);
  world.session.queue_failed({ErrorKind::closed, 0, "gone"});
  world.session.completed({aer, {kAenDiscoveryLogChanged, 0, false, {}}}, world.now);
  world.run();
  EXPECT_EQ(world.events, (Names{"live", "closed"}));
}

}  // namespace
}  // namespace stas::nvme_tcp
