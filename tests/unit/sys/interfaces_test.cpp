// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/interfaces.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <net/if.h>

#include "libstas/sys/net/network_monitor.h"
#include "libstas/sys/os/descriptors.h"
#include "tests/unit/sys/loop_helper.h"
#include "tests/unit/sys/no_descriptors.h"

namespace stas {
namespace {

TEST(ReadInterfaces, ListsEachInterfaceOfTheKernelOnceInItsOrder) {
  const auto interfaces = read_interfaces();
  ASSERT_TRUE(interfaces) << interfaces.error().text;
  std::set<std::string> seen;
  std::vector<unsigned> order;
  for (const auto& interface : *interfaces) {
    EXPECT_TRUE(seen.insert(interface.name).second) << interface.name;
    order.push_back(if_nametoindex(interface.name.c_str()));
  }
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  auto* const all = if_nameindex();
  ASSERT_NE(all, nullptr);
  for (const auto* entry = all; entry->if_index != 0; ++entry) EXPECT_TRUE(seen.contains(entry->if_name));
  if_freenameindex(all);
}

TEST(ReadInterfaces, AddressesCarryNoScope) {
  const auto interfaces = read_interfaces();
  ASSERT_TRUE(interfaces);
  for (const auto& interface : *interfaces) {
    for (const auto& address : interface.addresses) EXPECT_EQ(address.scope(), "") << address.to_string();
  }
}

TEST(ReadInterfaces, LoopbackHasItsAddress) {
  const auto interfaces = read_interfaces();
  ASSERT_TRUE(interfaces);
  const auto lo =
      std::find_if(interfaces->begin(), interfaces->end(), [](const Interface& i) { return i.name == "lo"; });
  ASSERT_NE(lo, interfaces->end());
  if (lo->addresses.empty()) GTEST_SKIP() << "lo is down";
  EXPECT_TRUE(
      std::all_of(lo->addresses.begin(), lo->addresses.end(), [](const IpAddress& a) { return !a.is_link_local(); }));
  EXPECT_NE(std::find(lo->addresses.begin(), lo->addresses.end(), IpAddress::parse("127.0.0.1")), lo->addresses.end());
}

// A change that could not be looked at for want of descriptors is looked at again, until it could.
TEST(NetworkMonitor, ALookThatFailedIsOwed) {
  Loop loop;
  std::size_t seen = 0;
  int looks = 0;
  NetworkMonitor monitor(loop, [&] {
    ++looks;
    const auto interfaces = read_interfaces();
    if (interfaces) seen = interfaces->size();
    return interfaces.has_value();
  });
  {
    const test::NoDescriptors none;
    monitor.look();
    ASSERT_TRUE(test::run_until(loop, [&] { return looks == 2; }));
    EXPECT_EQ(seen, 0U);
  }
  ASSERT_TRUE(test::run_until(loop, [&] { return looks == 3; }));
  EXPECT_GT(seen, 0U);
  loop.run_once(2 * kNetworkSettles);
  EXPECT_EQ(looks, 3);
}

TEST(NetworkMonitor, WithoutDescriptorsItDoesNotStart) {
  Loop loop;
  NetworkMonitor monitor(loop, [] { return true; });
  const test::NoDescriptors none;
  EXPECT_TRUE(is_shortage(monitor.start()));
}

}  // namespace
}  // namespace stas
