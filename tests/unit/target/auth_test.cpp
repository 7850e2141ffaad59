// SPDX-License-Identifier: Apache-2.0
//
// DH-HMAC-CHAP against a host with code of its own: every hash and DH group, both directions, wrong keys, keys changed
// at run time, re-authentication, time limits.
#include <gtest/gtest.h>

#include "tests/target/target_thread.h"
#include "tests/unit/target/auth_host.h"
#include "tests/unit/target/loop_host.h"
#include "tests/unit/target/tcp_host.h"

namespace stas::target::testing {
namespace {

constexpr std::uint64_t kAtr = 1 << 17;

class Authentication : public ::testing::Test {
 protected:
  /// A subsystem that wants this of our host.
  void secure(const AuthConfig& auth) {
    if (target_.engine.subsystem(kOne) == nullptr) {
      ASSERT_TRUE(target_.engine.add_subsystem(
          {.nqn = kOne, .namespaces = {{.backend = {.kind = BackendKind::ram, .size = 65536}}}}));
    }
    const auto done = target_.engine.set_auth(kOne, kHost, auth);
    ASSERT_TRUE(done) << done.error().text;
  }

  static std::function<Answer(Command)> over(LoopHost& host) {
    return [&host](Command command) { return host.run(std::move(command)); };
  }

  LoopTarget target_{R"({})"};
  std::string key_ = make_key(32, 1);
  std::string controller_key_ = make_key(48, 9, 2);
};

TEST_F(Authentication, NothingElseIsAllowedBefore) {
  secure({.key = key_});
  LoopHost host(target_);
  EXPECT_EQ(host.run(connect({.subnqn = kOne})).result & kAtr, kAtr);
  EXPECT_EQ(host.run(property_get(0x1C)).status, 0x191);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460001)).status, 0x191);
  EXPECT_EQ(host.run(identify(1)).status, 0x191);
  LoopHost io(target_);
  EXPECT_EQ(io.run(connect({.subnqn = kOne, .qid = 1, .cntlid = 1})).status, 0x00C) << "not ready either";
  const AuthHost me{.key = key_};
  const auto outcome = me.authenticate(over(host));
  EXPECT_TRUE(outcome.authenticated) << outcome.explanation;
  EXPECT_EQ(outcome.hash, 3) << "the best that both have";
  EXPECT_EQ(outcome.group, 5);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460001)).status, 0);
  EXPECT_EQ(host.run(identify(1)).status, 0);
}

TEST_F(Authentication, EveryHashAndGroupInBothDirections) {
  const std::string keys[] = {make_key(32, 3, 0), make_key(32, 3, 1), make_key(48, 4, 2), make_key(64, 5, 3)};
  for (std::uint8_t hash = 1; hash <= 3; ++hash) {
    for (std::uint8_t group = 0; group <= 5; ++group) {
      // The largest groups cost seconds under a sanitizer: each once is enough.
      if (group >= 4 && hash != 1 + group % 3) continue;
      const std::string& key = keys[(hash + group) % 4];
      secure({.key = key, .controller_key = controller_key_, .hash = hash, .dhgroup = group});
      LoopHost host(target_);
      EXPECT_EQ(host.run(connect({.subnqn = kOne})).result & kAtr, kAtr);
      const AuthHost me{.key = key, .controller_key = controller_key_};
      const auto outcome = me.authenticate(over(host));
      EXPECT_TRUE(outcome.authenticated) << int{hash} << " " << int{group} << " " << outcome.explanation;
      EXPECT_TRUE(outcome.controller_is_right) << int{hash} << " " << int{group};
      EXPECT_EQ(outcome.hash, hash);
      EXPECT_EQ(outcome.group, group);
      EXPECT_EQ(host.run(property_set(0x14, 0x00460001)).status, 0);
    }
  }
}

TEST_F(Authentication, PolicyLimitsWhatIsAgreedOn) {
  secure({.key = key_});
  ASSERT_TRUE(target_.engine.set_policy({.hashes = {1, 2}, .dhgroups = {0, 1}}));
  const auto outcome = [&](const AuthHost& me) {
    LoopHost host(target_);
    EXPECT_EQ(host.run(connect({.subnqn = kOne})).status, 0);
    return me.authenticate(over(host));
  };
  const auto best = outcome({.key = key_});
  EXPECT_TRUE(best.authenticated);
  EXPECT_EQ(best.hash, 2);
  EXPECT_EQ(best.group, 1);
  EXPECT_EQ(outcome({.key = key_, .hashes = {3}}).explanation, 4);
  EXPECT_EQ(outcome({.key = key_, .groups = {5}}).explanation, 5);
}

TEST_F(Authentication, RefusalsExplainThemselves) {
  secure({.key = key_, .controller_key = controller_key_, .hash = 2, .dhgroup = 0});
  const struct {
    const char* name;
    AuthHost host;
    int explanation;
  } rows[] = {
      {"wrong key", {.key = make_key(32, 2)}, 1},
      {"another host's name", {.hostnqn = kOtherHost, .key = key_}, 1},
      {"hash not offered", {.key = key_, .hashes = {1, 3}}, 4},
      {"group not offered", {.key = key_, .groups = {1}}, 5},
  };
  for (const auto& row : rows) {
    LoopHost host(target_);
    host.run(connect({.subnqn = kOne}));
    const auto outcome = row.host.authenticate(over(host));
    EXPECT_FALSE(outcome.authenticated) << row.name;
    EXPECT_EQ(outcome.explanation, row.explanation) << row.name;
    EXPECT_EQ(host.run(property_get(0x1C)).status, 0x191) << row.name;
    target_.pass(Millis(1000));
    EXPECT_TRUE(host.is_closed()) << row.name;
  }
  EXPECT_EQ(target_.engine.stats().auth_failed, std::size(rows));
}

TEST_F(Authentication, AControllerWithAnotherKeyIsNotBelieved) {
  secure({.key = key_, .controller_key = controller_key_, .dhgroup = 1});
  LoopHost host(target_);
  host.run(connect({.subnqn = kOne}));
  const AuthHost me{.key = key_, .controller_key = make_key(48, 10, 2)};
  EXPECT_FALSE(me.authenticate(over(host)).controller_is_right);
  EXPECT_EQ(host.run(property_get(0x1C)).status, 0x191);
  target_.pass(Millis(1000));
  EXPECT_TRUE(host.is_closed());
  secure({.key = key_, .dhgroup = 0});
  LoopHost other(target_);
  other.run(connect({.subnqn = kOne}));
  EXPECT_EQ(me.authenticate(over(other)).explanation, 1) << "it has no key of its own";
}

TEST_F(Authentication, QueuesAuthenticateEachOrWithTheAdminQueueOnly) {
  secure({.key = key_, .dhgroup = 0});
  const AuthHost me{.key = key_};
  LoopHost admin(target_);
  const auto cntlid = static_cast<std::uint16_t>(admin.run(connect({.subnqn = kOne})).result & 0xFFFF);
  EXPECT_TRUE(me.authenticate(over(admin)).authenticated);
  admin.run(property_set(0x14, 0x00460001));
  LoopHost io(target_);
  EXPECT_EQ(io.run(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid})).result, kAtr | cntlid);
  EXPECT_EQ(io.run(read(0, 1)).status, 0x191);
  EXPECT_TRUE(me.authenticate(over(io)).authenticated);
  EXPECT_EQ(io.run(read(0, 1)).status, 0);
  SubsystemConfig config = target_.engine.subsystem(kOne)->config;
  config.auth_admin_only = true;
  ASSERT_TRUE(target_.engine.set_subsystem(config));
  LoopHost second(target_);
  EXPECT_EQ(second.run(connect({.subnqn = kOne, .qid = 2, .cntlid = cntlid})).result, cntlid);
  EXPECT_EQ(second.run(read(0, 1)).status, 0);
}

TEST_F(Authentication, LiveQueuesAuthenticateAgainWithNewKeys) {
  secure({.key = key_, .dhgroup = 0});
  LoopHost host(target_);
  host.run(connect({.subnqn = kOne}));
  AuthHost me{.key = key_};
  EXPECT_TRUE(me.authenticate(over(host)).authenticated);
  host.run(property_set(0x14, 0x00460001));
  const std::string next = make_key(64, 77, 3);
  secure({.key = next, .dhgroup = 2});
  EXPECT_EQ(host.run(identify(1)).status, 0) << "changed keys do not end what is authenticated";
  me.key = next;
  me.transaction = 0x0203;
  const auto outcome = me.authenticate(over(host));
  EXPECT_TRUE(outcome.authenticated);
  EXPECT_EQ(outcome.group, 2);
  EXPECT_EQ(host.run(identify(1)).status, 0);
  me.key = key_;
  EXPECT_FALSE(me.authenticate(over(host)).authenticated) << "the old key is none any more";
  EXPECT_EQ(host.run(identify(1)).status, 0x191);
  target_.pass(Millis(1000));
  EXPECT_TRUE(host.is_closed());
}

TEST_F(Authentication, ItHasToHappenInTime) {
  secure({.key = key_});
  LoopHost slow(target_);
  LoopHost slower(target_);
  slow.run(connect({.subnqn = kOne, .kato_ms = 5000}));
  slower.run(connect({.subnqn = kOne}));
  target_.pass(Millis(5000));
  EXPECT_TRUE(slow.is_closed());
  EXPECT_FALSE(slower.is_closed());
  target_.pass(Millis(115000));
  EXPECT_TRUE(slower.is_closed());
}

TEST_F(Authentication, MessagesOutOfPlaceAndBadKeysAreRefused) {
  secure({.key = key_});
  LoopHost host(target_);
  EXPECT_EQ(host.run(auth_receive()).status, 0x001) << "not connected";
  host.run(connect({.subnqn = kOne}));
  EXPECT_EQ(host.run(auth_send({1, 2, 3})).status, 0x002);
  const Answer early = host.run(auth_receive());
  EXPECT_EQ(early.number(0, 2), 0xF100U);
  EXPECT_EQ(early.number(7, 1), 7U) << "incorrect message";
  LoopHost open(target_);
  open.run(connect({.subnqn = kOne, .hostnqn = kOtherHost}));
  EXPECT_EQ(open.run(auth_receive()).status, 0x001) << "nobody asked this host";
  for (const char* bad : {"", "DHHC-1:00:AAAA:", "DHHC-1:04:AAAA:", "DHHC-2:00:AAAA:"}) {
    const auto set = target_.engine.set_auth(kOne, kHost, {.key = std::string(bad) + "x"});
    ASSERT_FALSE(set) << bad;
    EXPECT_EQ(set.error().text.find("AAAA"), std::string::npos) << "a key does not show";
  }
}

TEST(AuthenticationOverTcp, KernelSequenceWithKeysSetByRpc) {
  auto target = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "64KiB"}]}]})");
  ASSERT_TRUE(target) << target.error().text;
  const std::string key = make_key(32, 50, 1);
  const auto set = (*target)->call("host.set_keys", R"({"nqn": "nqn.2024-01.org.example:one", "host": ")" +
                                                        std::string(kHost) + R"(", "key": ")" + key + R"("})");
  ASSERT_TRUE(set) << set.error().text;
  TcpHost host((*target)->port());
  ASSERT_TRUE(host.initialize());
  EXPECT_EQ(host.run(connect({.subnqn = kOne}))->result & kAtr, kAtr);
  const AuthHost me{.key = key};
  EXPECT_TRUE(me.authenticate([&](Command command) {
                  auto answer = host.run(std::move(command));
                  return answer ? *answer : Answer{.status = 0xFFFF};
                }).authenticated);
  EXPECT_EQ(host.run(property_set(0x14, 0x00460001))->status, 0);
}

}  // namespace
}  // namespace stas::target::testing
