// SPDX-License-Identifier: Apache-2.0
//
// The user fabric authenticates to the bundled target, which has code of its own for it: every hash and group, both
// directions, discovery and I/O controllers with their queues, and what is said when keys do not fit.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/target/target_thread.h"
#include "tests/unit/nvme_tcp/fabric_world.h"

namespace stas {
namespace {

using target::TargetThread;

constexpr const char* kIo = "nqn.2024-01.org.example:io";
constexpr const char* kKey = "DHHC-1:00:AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dyVhg6h:";
constexpr const char* kOther = "DHHC-1:01:CRAXHiUsMzpBSE9WXWRrcnmAh46VnKOqsbi/xs3U2+LE9VfA:";
constexpr const char* kController =
    "DHHC-1:02:BQwTGiEoLzY9REtSWWBnbnV8g4qRmJ+mrbS7wsnQ197l7PP6AQgPFh0kKzI5QEdO0rntOQ==:";
constexpr const char* kLong =
    "DHHC-1:03:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09rh6O/2/QQLEhkgJy41PENKUVhfZm10e4KJkJeepayzuiyBBng=:";

class UserFabricAuth : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1"}],
        "subsystems": [{"nqn": "nqn.2024-01.org.example:io", "namespaces": [{"ram": "1MiB"}]}]})");
    ASSERT_TRUE(started.has_value()) << started.error().text;
    target = std::move(*started);
  }

  void demand(const std::string& nqn, const std::string& keys) {
    const auto done =
        target->call("host.set_keys", R"({"nqn": ")" + nqn + R"(", "host": ")" + kHostNqn + "\"" + keys + "}");
    ASSERT_TRUE(done.has_value()) << done.error().text;
  }
  // "succeeded" and "failed" as they stand in the statistics.
  bool counted(const std::string& succeeded, const std::string& failed) {
    const auto all = target->call("target.stats", "{}").value_or("");
    const auto wanted = R"("authentication":{"succeeded":)" + succeeded + R"(,"failed":)" + failed + "}";
    return all.find(wanted) != std::string::npos;
  }
  Connect with_keys(const std::string& host, const std::string& controller = "",
                    ControllerKind kind = ControllerKind::io, const std::string& nqn = kIo) {
    auto connect = order(target->port(), kind, nqn);
    connect.options.dhchap_secret = Secret(host);
    connect.options.dhchap_ctrl_secret = Secret(controller);
    return connect;
  }
  static std::string key_member(const std::string& key) { return R"(, "key": ")" + key + "\""; }

  std::unique_ptr<TargetThread> target;
};

TEST_F(UserFabricAuth, EveryHashAndGroupInBothDirections) {
  for (const char* hash : {"sha256", "sha384", "sha512"}) {
    for (const char* group : {"null", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"}) {
      // The larger groups once: they cost seconds under a sanitizer.
      if (std::string(group) > "ffdhe3072" && std::string(group) != "null" && std::string(hash) != "sha256") continue;
      demand(kIo, key_member(kKey) + R"(, "controller_key": ")" + kController + R"(", "hash": ")" + hash +
                      R"(", "dhgroup": ")" + group + "\"");
      FabricWorld world;
      const auto device = world.connected(with_keys(kKey, kController));
      EXPECT_EQ(device.state, "live") << hash << ' ' << group;
      world.call(Disconnect{0, world.some_tid(), device.ref});
    }
  }
  EXPECT_TRUE(counted("24", "0")) << "each on two queues";
}

TEST_F(UserFabricAuth, EveryQueueIsAuthenticated) {
  demand(kIo, key_member(kLong) + R"(, "dhgroup": "ffdhe2048")");
  FabricWorld world;
  auto connect = with_keys(kLong);
  connect.options.nr_io_queues = 3;
  world.connected(connect);
  EXPECT_TRUE(counted("4", "0")) << "the admin queue and three for I/O";
}

TEST_F(UserFabricAuth, ADiscoveryControllerMayDemandItAndThenServesItsPage) {
  demand(std::string(kWellKnownDiscoveryNqn),
         key_member(kOther) + R"(, "dhgroup": "ffdhe3072", "controller_key": ")" + kController + "\"");
  FabricWorld world;
  auto connect = with_keys("", kController, ControllerKind::discovery, std::string(kWellKnownDiscoveryNqn));
  connect.host.key = Secret(kOther);  // of sys.conf
  const auto device = world.connected(connect);
  EXPECT_EQ(world.page(device).entries.size(), 2U);
  EXPECT_TRUE(counted("1", "0"));
}

TEST_F(UserFabricAuth, KeysThatDoNotFitAreToldFromEachOther) {
  demand(kIo, key_member(kKey) + R"(, "dhgroup": "null", "controller_key": ")" + kController + "\"");
  FabricWorld world;
  struct Row {
    const char* host;
    const char* controller;
    ErrorKind kind;
    const char* words;
  };
  const Row rows[] = {
      {"", "", ErrorKind::permission, "demands authentication and there is no key for it (dhchap-secret="},
      {kOther, "", ErrorKind::permission, "the controller does not accept our key"},
      {kKey, kLong, ErrorKind::permission, "the controller does not know its key (dhchap-ctrl-secret=)"},
      {"DHHC-1:00:AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dyVhg6i:", "", ErrorKind::permission,
       "has a wrong check sum"},
  };
  for (const auto& row : rows) {
    const auto error = world.refused(with_keys(row.host, row.controller));
    EXPECT_EQ(error.kind, row.kind) << error.text;
    EXPECT_NE(error.text.find(row.words), std::string::npos) << error.text;
    EXPECT_EQ(error.text.find("AwoRGB8mLTQ7"), std::string::npos) << error.text;
  }
}

TEST_F(UserFabricAuth, AKeyThatIsTakenAwayEndsTheReconnects) {
  const std::string no_group = R"(, "dhgroup": "null")";
  demand(kIo, key_member(kKey) + no_group);
  FabricWorld world;
  auto connect = with_keys(kKey);
  connect.options.reconnect_delay = 1;
  const auto device = world.connected(connect);
  demand(kIo, key_member(kOther) + no_group);
  ASSERT_TRUE(target->call("controller.fail", "{}").has_value());
  EXPECT_TRUE(world.wait([&] { return world.heard("gone " + device.ref.name); }));
}

}  // namespace
}  // namespace stas
