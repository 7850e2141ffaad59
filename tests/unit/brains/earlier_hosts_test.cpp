// SPDX-License-Identifier: Apache-2.0
//
// Which connection a name means after the host NQN has changed (core/brain/earlier_hosts.h).
#include "libstas/core/brain/earlier_hosts.h"

#include <gtest/gtest.h>

#include <utility>

namespace stas {
namespace {

Tid named(const std::string& host_nqn, const std::string& iface = {}) {
  return Tid(TidFields{Transport::tcp, "10.0.0.1", "4420", "nqn.a", {}, iface, host_nqn});
}

EarlierHosts now_new() {
  EarlierHosts hosts("nqn.new");
  hosts.know("nqn.old");
  return hosts;
}

void expect_means(const EarlierHosts& hosts, const Tid& name, const Tid& connection) {
  const Tid* found = hosts.connection_of(name);
  ASSERT_NE(found, nullptr) << name.to_string();
  EXPECT_EQ(*found, connection);
}

TEST(EarlierHosts, ANameMeansTheConnectionThatWasMadeUnderTheOldOne) {
  auto hosts = now_new();
  hosts.add(named("nqn.old", "eth0"), true);
  expect_means(hosts, named("nqn.new", "eth0"), named("nqn.old", "eth0"));
  expect_means(hosts, named("nqn.new"), named("nqn.old", "eth0"));  // any way
  EXPECT_EQ(hosts.connection_of(named("nqn.new", "eth1")), nullptr);
  EXPECT_EQ(hosts.connection_of(named("nqn.tenant", "eth0")), nullptr);
}

TEST(EarlierHosts, OfTwoWaysTheOneThatWorks) {
  auto hosts = now_new();
  hosts.add(named("nqn.old", "eth1"), false);
  hosts.add(named("nqn.old", "eth0"), true);
  expect_means(hosts, named("nqn.new"), named("nqn.old", "eth0"));
}

TEST(EarlierHosts, OfEqualsAlwaysTheSame) {
  for (const auto& [first, second] : {std::pair("eth0", "eth1"), std::pair("eth1", "eth0")}) {
    auto hosts = now_new();
    hosts.add(named("nqn.old", first), true);
    hosts.add(named("nqn.old", second), true);
    expect_means(hosts, named("nqn.new"), named("nqn.old", "eth0"));
  }
}

TEST(EarlierHosts, NamesUnderOneNqnNeedNoOtherName) {
  auto hosts = now_new();
  hosts.add(named("nqn.new", "eth0"), true);
  EXPECT_EQ(hosts.connection_of(named("nqn.new")), nullptr);
}

TEST(EarlierHosts, ADeviceSaysHowItLeavesThisHost) {
  auto hosts = now_new();
  hosts.add(named("nqn.old"), true, named("nqn.old", "eth0"));
  expect_means(hosts, named("nqn.new", "eth0"), named("nqn.old"));
  EXPECT_EQ(hosts.connection_of(named("nqn.new", "eth1")), nullptr);
  EXPECT_EQ(hosts.connection_of(named("nqn.old", "eth0")), nullptr);  // shares it
}

}  // namespace
}  // namespace stas
