// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/interfaces.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
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

// A kernel in which looks end when the test says so.
class StuckKernel {
 public:
  Result<Interfaces> read() {
    std::unique_lock lock(mutex_);
    const int number = ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return ended_ >= number; });
    return Interfaces{{"look" + std::to_string(number), {}, true}};
  }
  bool wait_for(int begun) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience, [&] { return begun_ >= begun; });
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  void end(int looks) {
    const std::lock_guard lock(mutex_);
    ended_ = looks;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0, ended_ = 0;
};

class Looks : public testing::Test {
 protected:
  std::function<void()> note(const std::string& what) {
    return [this, what] { notes_.push_back(what); };
  }
  bool noted(std::size_t number) {
    return test::run_until(loop_, [&] { return notes_.size() >= number; });
  }

  // Shared with a thread that may outlive the test.
  std::shared_ptr<StuckKernel> kernel_ = std::make_shared<StuckKernel>();
  std::vector<std::string> notes_;
  Loop loop_;
  NetworkMonitor monitor_{loop_, [this](const Interfaces& interfaces) { notes_.push_back(interfaces.front().name); },
                          [kernel = kernel_] { return kernel->read(); }};
};

// The kernel may hold a look up; the loop goes on meanwhile.
TEST_F(Looks, TheLoopDoesNotWaitForOne) {
  monitor_.look(note("then"));
  ASSERT_TRUE(kernel_->wait_for(1));
  auto other = loop_.once(note("other"));
  other.arm();
  ASSERT_TRUE(noted(1));
  kernel_->end(1);
  ASSERT_TRUE(noted(3));
  EXPECT_THAT(notes_, testing::ElementsAre("other", "look1", "then"));
}

// What changes while the kernel answers may not be in its answer.
TEST_F(Looks, WhoAsksDuringOneGetsAnother) {
  monitor_.look(note("first"));
  ASSERT_TRUE(kernel_->wait_for(1));
  monitor_.look(note("second"));
  monitor_.look(note("third"));
  kernel_->end(2);
  ASSERT_TRUE(noted(5));
  EXPECT_THAT(notes_, testing::ElementsAre("look1", "first", "look2", "second", "third"));
  EXPECT_EQ(kernel_->begun(), 2);
}

TEST_F(Looks, NobodyWaitsForAKernelThatIsStuckAndWhatItSaysInTheEndIsTold) {
  monitor_.look(note("first"));
  ASSERT_TRUE(kernel_->wait_for(1));
  monitor_.look(note("second"));
  ASSERT_TRUE(noted(2));
  monitor_.look(note("third"));
  ASSERT_TRUE(noted(3));
  kernel_->end(2);
  ASSERT_TRUE(noted(5));
  EXPECT_THAT(notes_, testing::ElementsAre("first", "second", "third", "look1", "look2"));
}

// A change that could not be looked at for want of descriptors is looked at again, until it could.
TEST(NetworkMonitor, ALookThatFailedIsOwed) {
  Loop loop;
  std::size_t seen = 0;
  const auto looks = std::make_shared<std::atomic<int>>(0);
  bool told = false;
  NetworkMonitor monitor(
      loop, [&](const Interfaces& interfaces) { seen = interfaces.size(); },
      [looks] {
        ++*looks;
        return read_interfaces();
      });
  {
    const test::NoDescriptors none;
    monitor.look([&] { told = true; });
    ASSERT_TRUE(test::run_until(loop, [&] { return *looks == 2; }));
    EXPECT_TRUE(told);
    EXPECT_EQ(seen, 0U);
  }
  ASSERT_TRUE(test::run_until(loop, [&] { return seen > 0; }));
  const int enough = *looks;
  loop.run_once(2 * kNetworkSettles);
  EXPECT_EQ(*looks, enough);
}

TEST(NetworkMonitor, WithoutDescriptorsItDoesNotStart) {
  Loop loop;
  NetworkMonitor monitor(loop, [](const Interfaces&) {});
  const test::NoDescriptors none;
  EXPECT_TRUE(is_shortage(monitor.start()));
}

}  // namespace
}  // namespace stas
