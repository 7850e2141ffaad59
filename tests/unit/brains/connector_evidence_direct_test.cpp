// SPDX-License-Identifier: Apache-2.0
//
// What is no evidence for stacd (law 2), and no story can tell, because the shells do not do it, or a file of another
// version would have to say it: a saved connection that nobody is known to have wanted, answers of a stafd that is gone
// or has changed meanwhile. The brain is called directly.
#include <memory>

#include <gtest/gtest.h>

#include "stacd/connector.h"
#include "tests/unit/brains/notation.h"

namespace stas::story {
namespace {

// What the driver cannot tell, because the shells do not do it, or a file of another version would have to say it.
class ConnectorDirectly : public testing::Test {
 protected:
  ConnectorDirectly() {
    device_.ref = {"nvme0", 1};
    device_.transport = "tcp";
    device_.traddr = "10.0.0.1";
    device_.trsvcid = "8009";
    device_.subsysnqn = "nqn.a";
    device_.hostnqn = kHostNqn;
    device_.cntrltype = "io";
    device_.state = "live";
  }
  void begin(KnownIoc known, const StacdConfig& config = {}) {
    brain_.restore({{std::move(known)}, {}});
    auto host = std::make_shared<HostIdentity>();
    host->nqn = kHostNqn;
    brain_.handle(StacdConfigured{std::make_shared<StacdConfig>(config), std::move(host)}, now_);
    brain_.handle(DevicesScanned{{device_}}, now_);
  }
  // Is a connection cut within ten minutes?
  bool cuts() {
    for (const Instant end = now_ + std::chrono::minutes(10); now_ < end; now_ += std::chrono::seconds(1)) {
      for (const Action& action : brain_.advance(now_))
        if (std::holds_alternative<Disconnect>(action)) return true;
    }
    return false;
  }
  Connector brain_;
  Device device_;
  Instant now_{std::chrono::hours(1)};
};

TEST_F(ConnectorDirectly, OneOfWhichNobodyKnowsWhoWantedItStays) {
  begin({tid_of("10.0.0.1/nqn.a"), false, {}, std::nullopt});
  EXPECT_FALSE(cuts());
}

TEST_F(ConnectorDirectly, AnotherHostIdAloneIsToldOnce) {
  begin({tid_of("10.0.0.1/nqn.a"), true, {}, std::nullopt});
  brain_.advance(now_);
  const auto told = [&](const std::string& id) {
    auto host = std::make_shared<HostIdentity>();
    host->nqn = kHostNqn;
    host->id = id;
    brain_.handle(StacdConfigured{std::make_shared<StacdConfig>(), std::move(host)}, now_);
    unsigned times = 0;
    for (const Action& action : brain_.advance(now_))
      if (const auto* report = std::get_if<Report>(&action);
          report != nullptr && report->text.find("The host ID is " + id + " now") == 0)
        ++times;
    return times;
  };
  EXPECT_EQ(told("00000000-0000-0000-0000-000000000002"), 1U);
  EXPECT_EQ(told("00000000-0000-0000-0000-000000000002"), 0U);
}

// Somebody may have connected the same without naming the interface, while stacd was away.
TEST_F(ConnectorDirectly, AfterARestartOursIsWhatWasAskedForInOurWords) {
  for (const bool first : {true, false}) {
    Device ours = device_, other = device_;
    ours.src_addr = other.src_addr = "10.0.0.7";
    ours.host_iface = "eth0";
    ours.ref = {first ? "nvme0" : "nvme1", 1};
    other.ref = {first ? "nvme1" : "nvme0", 2};
    Connector brain;
    const Tid tid = tid_of("10.0.0.1/nqn.a%eth0");
    brain.restore({{KnownIoc{tid, true, {}, std::nullopt}}, {}});
    auto host = std::make_shared<HostIdentity>();
    host->nqn = kHostNqn;
    brain.handle(StacdConfigured{std::make_shared<StacdConfig>(), std::move(host)}, now_);
    brain.handle(InterfacesSeen{{{"eth0", {*IpAddress::parse("10.0.0.7")}}}}, now_);
    brain.handle(DevicesScanned{{ours, other}}, now_);
    brain.advance(now_);
    ASSERT_NE(brain.find(tid), nullptr);
    EXPECT_EQ(brain.find(tid)->device, ours.ref);
  }
}

TEST_F(ConnectorDirectly, IncludeLinesSayNothingAboutIt) {
  StacdConfig config;
  config.includes.push_back({.subsysnqn = "nqn.other"});
  begin({tid_of("10.0.0.1/nqn.a"), false, {}, std::nullopt}, config);
  EXPECT_FALSE(cuts());
}

TEST_F(ConnectorDirectly, TheLateAnswerOfAStafdThatIsGoneIsNotBelieved) {
  const Tid dc = tid_of("10.0.0.1");
  begin({tid_of("10.0.0.1/nqn.a"), false, {{dc, "configured"}}, std::nullopt});
  brain_.handle(StafAppeared{}, now_);
  brain_.advance(now_);
  brain_.handle(StafVanished{}, now_);
  brain_.handle(StafPages{std::vector<StafDc>{{dc, "configured", true, {}}}, {}, true}, now_);
  EXPECT_FALSE(cuts());
  brain_.handle(StafAppeared{}, now_);
  brain_.advance(now_);
  brain_.handle(StafPages{std::vector<StafDc>{{dc, "configured", true, {}}}, {}, true}, now_);
  EXPECT_TRUE(cuts()) << "the present one is";
}

TEST_F(ConnectorDirectly, AChangeDuringAQuestionIsAskedForAgain) {
  begin({tid_of("10.0.0.1/nqn.a"), true, {}, std::nullopt});
  const auto questions = [&] {
    std::size_t count = 0;
    for (const Action& action : brain_.advance(now_)) count += std::holds_alternative<FetchStafPages>(action) ? 1 : 0;
    return count;
  };
  brain_.handle(StafAppeared{}, now_);
  EXPECT_EQ(questions(), 1U);
  brain_.handle(StafChanged{}, now_);
  EXPECT_EQ(questions(), 0U) << "one is in flight";
  brain_.handle(StafPages{std::vector<StafDc>(), {}, true}, now_);
  EXPECT_EQ(questions(), 1U);
}

}  // namespace
}  // namespace stas::story
